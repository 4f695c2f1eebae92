"""Batches: requesting, watching, canceling, resuming, retrying."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Unpack

from gql_server.client.asynchronous.generating import WAIT_SECONDS
from gql_server.client.asynchronous.part import AsyncPart
from gql_server.client.asynchronous.watching import watch
from gql_server.client.documents import (
    CANCEL_BATCH,
    CREATE_BATCH,
    LIST_BATCHES,
    LIST_ITEMS,
    READ_BATCH,
    RESUME_BATCH,
    RETRY_BATCH,
)
from gql_server.client.inputs import (
    BatchStatus,
    Dollars,
    ImageSettings,
    ItemSettings,
    ItemStatus,
    Priority,
    batch_input,
    filter_input,
    new_key,
)
from gql_server.client.results.base import id_of
from gql_server.client.results.batches import Batch, BatchItem, BatchProgress
from gql_server.client.results.costs import CostEstimate
from gql_server.client.subjects import BatchSubject


class AsyncBatches(AsyncPart):
    """The part of the client that has to do with batches."""

    async def create_batch(
        self,
        images: Sequence[str | ItemSettings],
        *,
        images_per_prompt: int | None = None,
        name: str | None = None,
        priority: Priority | None = None,
        max_cost: Dollars | None = None,
        webhook_url: str | None = None,
        idempotency_key: str | None = None,
        **settings: Unpack[ImageSettings],
    ) -> Batch:
        """Start generating many images, and return at once.

        All images are validated before any is accepted, and the cost of all is reserved.

        Args:
            images: Prompts, or dictionaries with a prompt and settings of its own.
            images_per_prompt: Number of images for each of them, from 1.
            name: Name of the batch, for people.
            priority: Priority among the user's own batches.
            max_cost: Maximum cost of the whole batch, in US dollars.
            webhook_url: URL that receives a signed webhook at the end.
            idempotency_key: Unique for each new batch; made by the client when omitted.
            settings: Settings of all images that do not override them.

        Raises:
            InvalidInput: Images are invalid; ``errors`` has all of them, with their paths.
            MaxCostExceeded, BudgetExceeded: It costs too much.
            GqlServerError: Any other error.
        """
        given = batch_input(
            settings,
            images,
            images_per_prompt=images_per_prompt,
            name=name,
            priority=priority,
            max_cost=max_cost,
            webhook_url=webhook_url,
            idempotency_key=idempotency_key or new_key(),
        )
        return await self.send_batch(given)

    async def send_batch(self, given: Mapping[str, Any]) -> Batch:
        """Start a batch as ``create_batch`` does, from a GenerateBatchInput of GraphQL.

        Args:
            given: The input. After a lost response it is sent again only with an
                ``idempotencyKey``.

        Raises:
            GqlServerError: As for ``create_batch``.
        """
        return await self._connection.mutate(
            Batch,
            CREATE_BATCH,
            given,
            is_safe="idempotencyKey" in given,
            wait_seconds=WAIT_SECONDS,
        )

    async def batch(self, batch_id: str) -> Batch:
        """Return a batch by its ID.

        Raises:
            NotFound: The caller has none with this ID.
        """
        return await self._connection.look_up(Batch, READ_BATCH, batch_id, noun="Batch")

    def batches(
        self,
        *,
        status: Sequence[BatchStatus] | None = None,
        search: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> AsyncGenerator[Batch]:
        """Iterate over all batches that match, newest first.

        Args:
            status: Only batches with one of these statuses.
            search: Words that are all in the name.
            tags: Only batches with all of these tags.
        """
        where = filter_input(status=status, search=search, tags=tags)
        variables = {"filter": where, "orderBy": "NEWEST_FIRST"}
        return self._connection.pages(Batch, LIST_BATCHES, variables)

    def batch_items(
        self, batch: Batch | str, *, status: Sequence[ItemStatus] | None = None
    ) -> AsyncGenerator[BatchItem]:
        """Iterate over the items of a batch, in order.

        Args:
            batch: The batch, or its ID.
            status: Only items with one of these statuses.

        Raises:
            NotFound: The caller has no such batch.
        """
        named = id_of(batch)
        variables = {"id": named, "status": status}
        return self._connection.pages(BatchItem, LIST_ITEMS, variables, under=("batch", named))

    def watch_batch(self, batch: Batch | str, *, after: int = 0) -> AsyncGenerator[BatchProgress]:
        """Iterate over the progress of a batch until it has finished, each finished item once.

        It continues across lost connections and restarts of the server, by event stream or polling
        where WebSockets do not pass. To continue in another process, keep the ``sequence`` of the
        last update and pass it as ``after``.

        Args:
            batch: The batch, or its ID.
            after: The last ``sequence`` that is known; 0 reports every item.

        Raises:
            NotFound: The caller has no such batch.
            GqlServerError: The server did not answer for too long.
        """
        subject = BatchSubject(id_of(batch), after)
        return watch(self._connection, subject, self._on_transport)

    async def wait_for_batch(
        self,
        batch: Batch | str,
        *,
        on_progress: Callable[[BatchProgress], None] | None = None,
    ) -> Batch:
        """Wait until a batch has finished, and return it. Items may have failed.

        Args:
            batch: The batch, or its ID.
            on_progress: Receives each update, as ``watch_batch`` yields it.

        Raises:
            NotFound: The caller has no such batch.
            GqlServerError: The server did not answer for too long.
        """
        async for update in self.watch_batch(batch):
            if on_progress is not None:
                on_progress(update)
        return await self.batch(id_of(batch))

    async def cancel_batch(self, batch: Batch | str) -> Batch:
        """Cancel the items of a batch that have not started. Running ones are finished and charged.

        Raises:
            BatchConflict: It has finished.
            NotFound: The caller has no such batch.
        """
        return await self._change(CANCEL_BATCH, batch)

    async def resume_batch(self, batch: Batch | str) -> Batch:
        """Resume a paused batch now.

        Raises:
            BatchConflict: It is not paused.
            NotFound: The caller has no such batch.
        """
        return await self._change(RESUME_BATCH, batch)

    async def retry_batch(self, batch: Batch | str, *, idempotency_key: str | None = None) -> Batch:
        """Generate the failed items of a finished batch, as a new batch.

        Args:
            batch: The batch, or its ID.
            idempotency_key: Unique for each retry; made by the client when omitted.

        Raises:
            BatchConflict: It has not finished, or no item failed.
            NotFound: The caller has no such batch.
        """
        return await self._change(RETRY_BATCH, batch, idempotencyKey=idempotency_key or new_key())

    async def estimate_batch_cost(
        self,
        images: Sequence[str | ItemSettings],
        *,
        images_per_prompt: int | None = None,
        **settings: Unpack[ImageSettings],
    ) -> CostEstimate:
        """Return what ``create_batch`` would cost, and validate its images. Nothing is spent.

        Raises:
            InvalidInput: Images are invalid.
        """
        given = batch_input(settings, images, images_per_prompt=images_per_prompt)
        return await self._estimate({"batch": given})

    async def _change(self, document: str, batch: Batch | str, **others: str) -> Batch:
        given = {"id": id_of(batch), **others}
        return await self._connection.mutate(Batch, document, given, wait_seconds=WAIT_SECONDS)
