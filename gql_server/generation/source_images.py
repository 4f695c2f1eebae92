"""The source images of a request: uploads, and generated images."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gql_server.database.queries.images import find_images
from gql_server.database.queries.source_images import (
    find_source_images,
)
from gql_server.domain.errors import (
    GenerationFailed,
    ImageNotFound,
)
from gql_server.domain.principal import Principal
from gql_server.generation.persist import store_attempts
from gql_server.generation.services import Services
from gql_server.inference.model import Model
from gql_server.pictures.resizing import fit_mask, fit_source, fit_upload, fit_within
from gql_server.storage.store import StoreMisconfigured, StoreUnavailable

_IMAGE_COLUMNS: Final = ("storage_key", "width", "height", "deleted_at", "missing_since")


@dataclass(frozen=True, slots=True)
class SourceImage:
    """A source image: its key in the store, and its size in pixels."""

    id: str
    storage_key: str
    width: int
    height: int


async def find_sources(
    services: Services, principal: Principal, ids: Sequence[str]
) -> Mapping[str, SourceImage]:
    """Return uploads and images that the caller sees; those without a file are left out."""
    if not ids:
        return {}
    async with services.database.read() as connection:
        uploads = await find_source_images(connection, ids, user_id=principal.owner_filter())
        images = await find_images(
            connection, ids, user_id=principal.owner_filter(), columns=_IMAGE_COLUMNS
        )
    found = {
        upload.id: SourceImage(upload.id, upload.storage_key, upload.width, upload.height)
        for upload in uploads.values()
        if upload.missing_since is None
    }
    for image in images.values():
        if image["deleted_at"] is None and image["missing_since"] is None:
            found[image["id"]] = SourceImage(
                image["id"], image["storage_key"], image["width"], image["height"]
            )
    return found


def fitted_size(model: Model, source: SourceImage, width: int, height: int) -> tuple[int, int]:
    """Return the size in pixels at which the model receives a source image."""
    inputs = model.image_inputs
    if inputs is None or inputs.max_side is None:
        return width, height
    scale = min(1.0, inputs.max_side / max(source.width, source.height))
    return max(1, round(source.width * scale)), max(1, round(source.height * scale))


async def load_sources(
    services: Services,
    model: Model,
    sources: Sequence[SourceImage],
    width: int,
    height: int,
    *,
    retry_for_seconds: float = 0.0,
) -> tuple[bytes, ...]:
    """Read the source images, each resized to the size that the model takes.

    Args:
        services: The services of the server.
        model: The model.
        sources: The source images.
        width: Width of the generated image.
        height: Height of the generated image.
        retry_for_seconds: How long to retry if the store does not answer.

    Raises:
        GenerationFailed: The store is unavailable or misconfigured.
        ImageNotFound: The file of a source image is gone.
    """
    side = model.image_inputs.max_side if model.image_inputs else None
    loaded: list[bytes] = []
    for source in sources:
        data = await _read(services, source, retry_for_seconds)
        async with services.decoding:
            if side is None:
                fitted = await asyncio.to_thread(fit_source, data, width=width, height=height)
            elif model.image_inputs is not None and model.image_inputs.keeps_transparency:
                fitted = await asyncio.to_thread(fit_upload, data, max_side=side)
            else:
                fitted = await asyncio.to_thread(fit_within, data, max_width=side, max_height=side)
        loaded.append(fitted)
    return tuple(loaded)


async def load_mask(
    services: Services,
    model: Model,
    mask: SourceImage | None,
    sources: Sequence[SourceImage],
    width: int,
    height: int,
    *,
    retry_for_seconds: float = 0.0,
) -> bytes | None:
    """Read the mask, resized to the generated image, as ``load_sources`` does."""
    if mask is None:
        return None
    if sources:
        width, height = fitted_size(model, sources[0], width, height)
    data = await _read(services, mask, retry_for_seconds)
    async with services.decoding:
        return await asyncio.to_thread(fit_mask, data, width=width, height=height)


async def _read(services: Services, source: SourceImage, retry_for_seconds: float) -> bytes:
    try:
        async for attempt in store_attempts(retry_for_seconds):
            with attempt:
                stored = await services.store.get(source.storage_key)
    except (StoreUnavailable, StoreMisconfigured) as error:
        raise GenerationFailed(
            "The source image cannot be read at the moment.",
            retryable=isinstance(error, StoreUnavailable),
            store_failed=True,
        ) from error
    if stored is None:
        raise ImageNotFound(source.id, path=("source_image_ids",))
    return stored.data
