"""The pictures that go with a prompt: uploads, and images made here."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gql_server.database.images import find_images
from gql_server.database.pages import Facts
from gql_server.database.source_images import find_source_images, insert_source_image
from gql_server.database.tables import SourceImageRow
from gql_server.domain.clock import now
from gql_server.domain.errors import ErrorCode, GenerationFailed, ImageNotFound, InvalidInput
from gql_server.domain.ids import new_id
from gql_server.domain.principal import Principal
from gql_server.generation.keeping import keep_bytes
from gql_server.generation.parts import Parts
from gql_server.inference.model import Model
from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.inspection import inspect_picture
from gql_server.pictures.resizing import fit_mask, fit_source, fit_within
from gql_server.storage.store import StoredObject, StoreMisconfigured, StoreUnavailable

MAX_UPLOAD_BYTES: Final = 20 * 1024 * 1024
_MAX_SIDE: Final = 2048
_IMAGE_COLUMNS: Final = ("storage_key", "width", "height", "deleted_at")


@dataclass(frozen=True, slots=True)
class SourceImage:
    """A picture of the caller that a model will be given: where it lies, and its pixels."""

    id: str
    storage_key: str
    width: int
    height: int


async def upload_source_image(parts: Parts, principal: Principal, data: bytes) -> Facts:
    """Keep an uploaded picture: upright, at most 2048 pixels a side, without its metadata.

    Raises:
        InvalidInput: The bytes are too many, or no picture.
        GenerationFailed: The store cannot be used at the moment.
    """
    if len(data) > MAX_UPLOAD_BYTES:
        raise InvalidInput(
            f"A source image must be at most {MAX_UPLOAD_BYTES} bytes; it has {len(data)}.",
            path=("file",),
            code=ErrorCode.TOO_LONG,
        )
    try:
        png = await asyncio.to_thread(fit_within, data, max_width=_MAX_SIDE, max_height=_MAX_SIDE)
        picture = await asyncio.to_thread(inspect_picture, png)
    except NotAPicture as error:
        raise InvalidInput(
            f"The file is no picture that can be used: {error}. Send a JPEG, PNG, WebP or AVIF.",
            path=("file",),
        ) from error
    image_id = new_id("src")
    content_type = ImageFormat.PNG.content_type
    row = SourceImageRow(
        id=image_id,
        user_id=principal.user_id,
        storage_key=f"sources/{image_id}.{ImageFormat.PNG.extension}",
        width=picture.width,
        height=picture.height,
        content_type=content_type,
        size_bytes=len(png),
        created_at=now(),
    )
    await keep_bytes(
        parts.store, row.storage_key, StoredObject(data=png, content_type=content_type)
    )
    async with parts.database.write() as connection:
        await insert_source_image(connection, row)
    return row.model_dump()


async def find_sources(
    parts: Parts, principal: Principal, ids: Sequence[str]
) -> Mapping[str, SourceImage]:
    """Return the caller's uploads and images of these ids; what is not there is left out."""
    if not ids:
        return {}
    async with parts.database.read() as connection:
        uploads = await find_source_images(connection, ids, user_id=principal.user_id)
        images = await find_images(
            connection, ids, user_id=principal.user_id, columns=_IMAGE_COLUMNS
        )
    kept = {image_id: facts for image_id, facts in images.items() if facts["deleted_at"] is None}
    return {
        image_id: SourceImage(image_id, facts["storage_key"], facts["width"], facts["height"])
        for image_id, facts in {**uploads, **kept}.items()
    }


def fitted_size(model: Model, source: SourceImage, width: int, height: int) -> tuple[int, int]:
    """Return the pixels that the model will be given of a source picture."""
    inputs = model.image_inputs
    if inputs is None or inputs.max_side is None:
        return width, height
    scale = min(1.0, inputs.max_side / max(source.width, source.height))
    return max(1, round(source.width * scale)), max(1, round(source.height * scale))


async def load_sources(
    parts: Parts, model: Model, sources: Sequence[SourceImage], width: int, height: int
) -> tuple[bytes, ...]:
    """Read the source pictures, each made to the size that the model takes.

    Raises:
        GenerationFailed: The store cannot be used at the moment.
    """
    side = model.image_inputs.max_side if model.image_inputs else None
    loaded: list[bytes] = []
    for source in sources:
        data = await _read(parts, source)
        if side is None:
            fitted = await asyncio.to_thread(fit_source, data, width=width, height=height)
        else:
            fitted = await asyncio.to_thread(fit_within, data, max_width=side, max_height=side)
        loaded.append(fitted)
    return tuple(loaded)


async def load_mask(
    parts: Parts, mask: SourceImage | None, width: int, height: int
) -> bytes | None:
    """Read the mask, made to the picture's size. Raises as ``load_sources``."""
    if mask is None:
        return None
    data = await _read(parts, mask)
    return await asyncio.to_thread(fit_mask, data, width=width, height=height)


async def _read(parts: Parts, source: SourceImage) -> bytes:
    try:
        stored = await parts.store.get(source.storage_key)
    except (StoreUnavailable, StoreMisconfigured) as error:
        raise GenerationFailed(
            "The source image cannot be read at the moment.",
            retryable=isinstance(error, StoreUnavailable),
        ) from error
    if stored is None:
        raise ImageNotFound(source.id, path=("source_image_ids",))
    return stored.data
