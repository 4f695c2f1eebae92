"""The images of a request: checked, and stored as uploads of the caller before they are used."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from gql_server.domain.errors import GenerationPending, InvalidInput
from gql_server.generation.create_upload import MAX_UPLOAD_PIXELS, upload_source_image
from gql_server.generation.requests.request import ImageRequest
from gql_server.generation.requests.validation import load_inputs, validate_with
from gql_server.generation.source_images import SourceImage
from gql_server.generation.uploads import delete_source_image
from gql_server.openai.bodies.pictures import GivenPicture, GivenPictures
from gql_server.openai.context import Context
from gql_server.openai.errors.problem import InvalidParameter
from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.masks import mask_of_transparency

_ANY_SIDE: Final = 1024


@dataclass(frozen=True, slots=True)
class StoredSources:
    """The images of a request, stored.

    Attributes:
        source_ids: IDs of the source images.
        mask_id: ID of the mask.
        fingerprints: Their IDs, or hashes of their bytes, for the idempotency key.
    """

    source_ids: tuple[str, ...] = ()
    mask_id: str | None = None
    fingerprints: tuple[str, ...] = ()

    def in_request(self, request: ImageRequest) -> ImageRequest:
        """Return a request with the images."""
        return replace(request, source_image_ids=self.source_ids, mask_image_id=self.mask_id)


@asynccontextmanager
async def stored_sources(
    context: Context, pictures: GivenPictures, request: ImageRequest
) -> AsyncIterator[StoredSources]:
    """Store the images of a request; if the block fails, what was stored for it is deleted.

    The request is checked before anything is stored. With an idempotency key nothing is deleted:
    a repeated request finds the same uploads.

    Raises:
        Rejected: The request is invalid.
        InvalidInput: An image is invalid, or the caller has too many uploads.
        InvalidParameter: The mask is not transparent anywhere.
    """
    uploaded: list[str] = []
    try:
        if context.key is None:
            await _check(context, pictures, request)
        sources = [
            await _stored(context, one, ("source_image_ids", index), uploaded)
            for index, one in enumerate(pictures.sources)
        ]
        mask = None
        if pictures.mask is not None:
            repainted = await _as_mask(context, pictures.mask)
            mask = await _stored(context, repainted, ("mask_image_id",), uploaded)
        given = [*pictures.sources, *filter(None, [pictures.mask])]
        yield StoredSources(
            source_ids=tuple(sources),
            mask_id=mask,
            fingerprints=tuple([await one.fingerprint() for one in given]),
        )
    except GenerationPending:
        raise  # the image is still being generated from them
    except Exception:
        if context.key is None:
            for image_id in uploaded:
                await delete_source_image(context.services, context.principal, image_id)
        raise


async def _check(context: Context, pictures: GivenPictures, request: ImageRequest) -> None:
    """Check a request as if its images were stored already."""
    sources = [one.stored_id or f"{index}" for index, one in enumerate(pictures.sources)]
    mask = None if pictures.mask is None else pictures.mask.stored_id or "mask"
    checked = replace(request, source_image_ids=tuple(sources), mask_image_id=mask)
    inputs = await load_inputs(context.services, context.principal, [checked])
    named = [*zip(sources, pictures.sources, strict=True)]
    if mask and pictures.mask:
        named.append((mask, pictures.mask))
    sent = {
        name: SourceImage(name, name, _ANY_SIDE, _ANY_SIDE)
        for name, one in named
        if one.stored_id is None
    }
    complete = replace(inputs, sources={**inputs.sources, **sent})
    validate_with(context.services, context.principal, checked, complete)


async def _stored(
    context: Context, picture: GivenPicture, path: Sequence[str | int], uploaded: list[str]
) -> str:
    if picture.stored_id is not None:
        return picture.stored_id
    data = await picture.read()
    key = None
    if context.key is not None:  # each image of the request has its own
        key = sha256(f"{context.key}\n{sha256(data).hexdigest()}".encode()).hexdigest()
    upload = await upload_source_image(
        context.services, context.principal, data, idempotency_key=key, path=tuple(path)
    )
    uploaded.append(upload.id)
    return upload.id


async def _as_mask(context: Context, picture: GivenPicture) -> GivenPicture:
    """Return a mask in this server's form: what is transparent in OpenAI's is white."""
    if picture.stored_id is not None:
        return picture
    data = await picture.read()
    try:
        async with context.services.decoding:
            mask = await asyncio.to_thread(mask_of_transparency, data, max_pixels=MAX_UPLOAD_PIXELS)
    except NotAPicture as error:
        raise InvalidInput(
            f"The mask is not a supported image: {error}. Send a PNG or WebP.",
            path=("mask_image_id",),
        ) from error
    if mask is None:
        raise InvalidParameter(
            "The mask has no fully transparent area: only such areas are repainted. Send a PNG "
            "whose alpha is 0 there.",
            param="mask",
            code="invalid_value",
        )
    return GivenPicture(picture.param, data=mask)
