"""Generating images: waiting for them, in the background, and from other images."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Final, TypeAlias, Unpack

from gql_server.client.asynchronous.uploads import AsyncUploads
from gql_server.client.asynchronous.watching import watch
from gql_server.client.documents import (
    CANCEL_GENERATION,
    GENERATE_IMAGE,
    READ_GENERATION,
    REMAKE_IMAGE,
    START_GENERATION,
)
from gql_server.client.errors.rejections import not_found, rejection
from gql_server.client.inputs import (
    Dollars,
    ImageSettings,
    RemakeSettings,
    image_input,
    new_key,
    remake_input,
)
from gql_server.client.results.base import id_of
from gql_server.client.results.costs import CostEstimate
from gql_server.client.results.images import Generation, Image, ImageFile, SourceImage
from gql_server.client.subjects import GenerationSubject

Source: TypeAlias = ImageFile | SourceImage | str | Path | bytes
"""An image to start from: one of the server by itself or its ID, or a file to upload."""

WAIT_SECONDS: Final = 600.0


class AsyncGenerating(AsyncUploads):
    """The part of the client that generates images."""

    async def generate(
        self,
        prompt: str = "",
        *,
        max_cost: Dollars | None = None,
        idempotency_key: str | None = None,
        wait_seconds: float = WAIT_SECONDS,
        on_progress: Callable[[Generation], None] | None = None,
        **settings: Unpack[ImageSettings],
    ) -> Image:
        """Generate an image and return it once it is stored.

        Lost connections and restarts of the server do not charge twice: the request is repeated
        with its idempotency key.

        Args:
            prompt: What the image shows. Only some models and templates work without one.
            max_cost: Maximum cost, in US dollars. A request that would cost more is refused.
            idempotency_key: Unique for each new image; made by the client when omitted. Give your
                own, and repeat it, to be safe across restarts of your program as well.
            wait_seconds: For how long to wait for an image that is not ready in time.
            on_progress: Receives each state of the generation. The image is then generated in the
                background, which the server's workers do, and ``wait_seconds`` does not apply.
            settings: The model and its settings, see ``ImageSettings``.

        Raises:
            InvalidInput: A setting is missing, invalid or not supported by the model.
            PromptRefused, ImageFlagged, GenerationFailed: There is no image, and no charge.
            GenerationPending: The image is not ready in time. It will be stored and charged.
            MaxCostExceeded, BudgetExceeded, DailyAllocationUsed: It costs too much.
            GqlServerError: Any other error.
        """
        key = idempotency_key or new_key()
        if on_progress is not None:
            generation = await self.start_generation(
                prompt, max_cost=max_cost, idempotency_key=key, **settings
            )
            return await self.wait_for_generation(generation, on_progress=on_progress)
        given = image_input(settings, prompt, max_cost=max_cost, idempotency_key=key)
        return await self._connection.mutate(
            Image, GENERATE_IMAGE, given, wait_seconds=wait_seconds
        )

    async def edit(
        self,
        prompt: str,
        *sources: Source,
        mask: Source | None = None,
        max_cost: Dollars | None = None,
        idempotency_key: str | None = None,
        wait_seconds: float = WAIT_SECONDS,
        **settings: Unpack[ImageSettings],
    ) -> Image:
        """Generate an image from other images. Files are uploaded first.

        Args:
            prompt: What the image shows, or what to change.
            sources: The image to transform, or several to use as references: images of the server,
                their IDs, or files as a path or bytes.
            mask: White areas are repainted, black and transparent areas are kept.
            max_cost: Maximum cost, in US dollars.
            idempotency_key: As for ``generate``.
            wait_seconds: As for ``generate``.
            settings: The model and its settings.

        Raises:
            GqlServerError: As for ``generate``.
            OSError: A file cannot be read.
        """
        settings["source_image_ids"] = [await self._source_id(source) for source in sources]
        if mask is not None:
            settings["mask_image_id"] = await self._source_id(mask)
        return await self.generate(
            prompt,
            max_cost=max_cost,
            idempotency_key=idempotency_key,
            wait_seconds=wait_seconds,
            **settings,
        )

    async def remake(
        self,
        image: ImageFile | str,
        prompt: str | None = None,
        *,
        max_cost: Dollars | None = None,
        idempotency_key: str | None = None,
        wait_seconds: float = WAIT_SECONDS,
        **changes: Unpack[RemakeSettings],
    ) -> Image:
        """Generate an image again, as it was or with changes, as a new image.

        Args:
            image: The image, or its ID.
            prompt: New prompt. As in the first image when omitted.
            max_cost: Maximum cost, in US dollars.
            idempotency_key: As for ``generate``.
            wait_seconds: As for ``generate``.
            changes: Settings to change. None stands for the model's default, and as a seed for
                one chosen at random.

        Raises:
            GqlServerError: As for ``generate``.
        """
        given = remake_input(
            id_of(image),
            changes,
            prompt,
            max_cost=max_cost,
            idempotency_key=idempotency_key or new_key(),
        )
        return await self._connection.mutate(Image, REMAKE_IMAGE, given, wait_seconds=wait_seconds)

    async def start_generation(
        self,
        prompt: str = "",
        *,
        max_cost: Dollars | None = None,
        webhook_url: str | None = None,
        idempotency_key: str | None = None,
        **settings: Unpack[ImageSettings],
    ) -> Generation:
        """Start generating an image in the background, and return at once.

        Args:
            prompt: What the image shows.
            max_cost: Maximum cost, in US dollars.
            webhook_url: URL that receives a signed webhook at the end.
            idempotency_key: As for ``generate``.
            settings: The model and its settings.

        Raises:
            GqlServerError: It was not accepted.
        """
        given = image_input(
            settings,
            prompt,
            max_cost=max_cost,
            idempotency_key=idempotency_key or new_key(),
            webhook_url=webhook_url,
            wait=False,
        )
        return await self._connection.mutate(
            Generation, START_GENERATION, given, wait_seconds=WAIT_SECONDS
        )

    async def generation(self, generation_id: str) -> Generation:
        """Return a generation by its ID.

        Raises:
            NotFound: The caller has none with this ID.
        """
        return await self._connection.look_up(
            Generation, READ_GENERATION, generation_id, noun="Generation"
        )

    def watch_generation(self, generation: Generation | str) -> AsyncGenerator[Generation]:
        """Iterate over the states of a generation until it has finished, across lost connections.

        Args:
            generation: The generation, or its ID.

        Raises:
            NotFound: The caller has none with this ID.
            GqlServerError: The server did not answer for too long.
        """
        subject = GenerationSubject(id_of(generation))
        return watch(self._connection, subject, self._on_transport)

    async def wait_for_generation(
        self,
        generation: Generation | str,
        *,
        on_progress: Callable[[Generation], None] | None = None,
    ) -> Image:
        """Wait until a generation has finished, and return its image.

        Args:
            generation: The generation, or its ID.
            on_progress: Receives each of its states.

        Raises:
            Rejected: It failed; the exception's type says why.
            NotFound: It was canceled, its image is deleted, or the caller has none with this ID.
        """
        last: Generation | None = None
        async for state in self.watch_generation(generation):
            last = state
            if on_progress is not None:
                on_progress(state)
        if last is not None and last.error is not None:
            raise rejection([last.error])
        if last is None or last.image is None:
            raise not_found("Image", id_of(generation))
        return last.image

    async def cancel_generation(self, generation: Generation | str) -> Generation:
        """Cancel a generation that has not started. A running one is finished and charged.

        Raises:
            BatchConflict: It has finished.
        """
        given = {"id": id_of(generation)}
        return await self._connection.mutate(Generation, CANCEL_GENERATION, given)

    async def estimate_cost(
        self,
        prompt: str = "",
        *,
        max_cost: Dollars | None = None,
        **settings: Unpack[ImageSettings],
    ) -> CostEstimate:
        """Return what ``generate`` would cost, and validate its settings. Nothing is spent.

        Raises:
            InvalidInput: A setting is missing, invalid or not supported by the model.
        """
        image = image_input(settings, prompt, max_cost=max_cost)
        return await self._estimate({"image": image})

    async def _source_id(self, source: Source) -> str:
        if isinstance(source, Path | bytes):
            return (await self.upload(source)).id
        return id_of(source)
