"""The pictures that go with a prompt: uploads, and images made here."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from gql_server.database.queries.idempotency_keys import KeyScope
from gql_server.database.queries.images import find_images
from gql_server.database.queries.source_images import (
    find_source_images,
    insert_source_image_once,
    uploaded_by,
)
from gql_server.database.records.source_images import SourceImageRecord
from gql_server.database.tables.tables import SourceImageRow
from gql_server.domain.clock import now
from gql_server.domain.errors import (
    ErrorCode,
    GenerationFailed,
    IdempotencyInProgress,
    ImageNotFound,
    InvalidInput,
    Path,
    Rejected,
)
from gql_server.domain.ids import new_id
from gql_server.domain.principal import Principal
from gql_server.generation.persist import keep_bytes, store_attempts
from gql_server.generation.services import Services
from gql_server.idempotency.operations import Begun, input_hash, key_faults
from gql_server.inference.model import Model
from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.inspection import ImageInfo, inspect_picture
from gql_server.pictures.resizing import fit_mask, fit_source, fit_upload, fit_within
from gql_server.storage.store import StoredObject, StoreMisconfigured, StoreUnavailable

_OPERATION: Final = "uploadSourceImage"
MAX_UPLOAD_BYTES: Final = 20 * 1024 * 1024
_MAX_SIDE: Final = 2048
_MAX_UPLOAD_PIXELS: Final = 25_000_000
_IMAGE_COLUMNS: Final = ("storage_key", "width", "height", "deleted_at", "missing_since")


@dataclass(frozen=True, slots=True)
class SourceImage:
    """A picture of the caller that a model will be given: where it lies, and its pixels."""

    id: str
    storage_key: str
    width: int
    height: int


async def upload_source_image(
    services: Services,
    principal: Principal,
    data: bytes,
    *,
    idempotency_key: str | None = None,
    path: Path = ("file",),
) -> SourceImageRecord:
    """Keep an uploaded picture: upright, at most 2048 pixels a side, without its metadata.

    With an idempotency key it is kept once, however often the same bytes are sent.

    Args:
        services: The services of the server.
        principal: Whose it will be.
        data: An encoded picture.
        idempotency_key: The client's key for this upload.
        path: Where in the input the bytes are, for errors.

    Raises:
        InvalidInput: The bytes are too many, or no picture.
        Rejected: The key is none.
        GenerationFailed: The store cannot be used at the moment.
        IdempotencyConflict: The key stands for other bytes.
        IdempotencyInProgress: The deadline passed while an earlier upload is worked on.
    """
    upload = _Upload(services, principal, data, path)
    if idempotency_key is None:
        begun = await upload.accept()
        return await upload.keep(begun.result_id)
    faults = list(key_faults(idempotency_key))
    if faults:
        raise Rejected(faults)
    scope = KeyScope(user_id=principal.user_id, operation=_OPERATION, key=idempotency_key)
    digest = await asyncio.to_thread(lambda: sha256(data).hexdigest())
    return await services.idempotency.once(scope, input_hash({"file": digest}), upload)


class _Upload:
    """A picture that is uploaded, with or without an idempotency key."""

    pending = IdempotencyInProgress

    def __init__(self, services: Services, principal: Principal, data: bytes, path: Path) -> None:
        self._parts = services
        self._principal = principal
        self._data = data
        self._path = path
        self._picture: ImageInfo
        self._png: bytes
        self.has_spent = False

    async def accept(self) -> Begun:
        await self._check_quota()
        self._picture, self._png = await _accepted(self._parts, self._data, self._path)
        return Begun(result_id=new_id("src"))

    async def _check_quota(self) -> None:
        quota, user_id = self._parts.upload_quota, self._principal.user_id
        async with self._parts.database.read() as connection:
            number, size = await uploaded_by(connection, user_id)
        if quota.number and number >= quota.number:
            raise InvalidInput(
                f"You have {number} source images, the maximum for one user. Delete some first.",
                path=self._path,
                code=ErrorCode.TOO_MANY,
            )
        if quota.size_bytes and size + len(self._data) > quota.size_bytes:
            raise InvalidInput(
                (
                    f"Your source images take {size} bytes of the {quota.size_bytes} "
                    "allowed for one user. Delete some first."
                ),
                path=self._path,
                code=ErrorCode.TOO_MANY,
            )

    async def find(self, image_id: str) -> SourceImageRecord | None:
        async with self._parts.database.read() as connection:
            found = await find_source_images(
                connection, [image_id], user_id=self._principal.user_id
            )
        return found.get(image_id)

    async def make(self, image_id: str, scope: KeyScope) -> SourceImageRecord:
        self.has_spent = True
        return await self.keep(image_id, scope)

    async def resume(self, image_id: str, _accepted: object, scope: KeyScope) -> SourceImageRecord:
        kept = await self.find(image_id)
        if kept is not None:
            return kept
        await self.accept()
        return await self.make(image_id, scope)

    async def keep(self, image_id: str, scope: KeyScope | None = None) -> SourceImageRecord:
        row = SourceImageRow(
            id=image_id,
            user_id=self._principal.user_id,
            storage_key=f"sources/{image_id}.{ImageFormat.PNG.extension}",
            width=self._picture.width,
            height=self._picture.height,
            content_type=ImageFormat.PNG.content_type,
            size_bytes=len(self._png),
            created_at=now(),
        )
        stored = await keep_bytes(
            self._parts.store,
            row.storage_key,
            StoredObject(data=self._png, content_type=row.content_type),
        )
        row.size_bytes = len(stored.data)
        return await insert_source_image_once(self._parts.database, row, key=scope)


async def _accepted(services: Services, data: bytes, path: Path) -> tuple[ImageInfo, bytes]:
    if len(data) > MAX_UPLOAD_BYTES:
        raise InvalidInput(
            f"A source image must be at most {MAX_UPLOAD_BYTES} bytes; it has {len(data)}.",
            path=path,
            code=ErrorCode.TOO_LONG,
        )
    try:
        async with services.decoding:
            return await asyncio.to_thread(_normalised, data)
    except NotAPicture as error:
        raise InvalidInput(
            f"The file is not a supported image: {error}. Send a JPEG, PNG, WebP or AVIF.",
            path=path,
        ) from error


async def find_sources(
    services: Services, principal: Principal, ids: Sequence[str]
) -> Mapping[str, SourceImage]:
    """Return uploads and images that the caller sees; what has no file is left out."""
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
    """Return the pixels that the model will be given of a source picture."""
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
    """Read the source pictures, each made to the size that the model takes.

    Args:
        services: The services of the server.
        model: The model.
        sources: The source pictures.
        width: The width of the picture that is made.
        height: Its height.
        retry_for_seconds: How long to try again where the store does not answer.

    Raises:
        GenerationFailed: The store cannot be used at the moment, or not at all.
        ImageNotFound: One is not there any more.
    """
    side = model.image_inputs.max_side if model.image_inputs else None
    loaded: list[bytes] = []
    for source in sources:
        data = await _read(services, source, retry_for_seconds)
        async with services.decoding:
            if side is None:
                fitted = await asyncio.to_thread(fit_source, data, width=width, height=height)
            else:
                fitted = await asyncio.to_thread(fit_within, data, max_width=side, max_height=side)
        loaded.append(fitted)
    return tuple(loaded)


async def load_mask(
    services: Services,
    mask: SourceImage | None,
    width: int,
    height: int,
    *,
    retry_for_seconds: float = 0.0,
) -> bytes | None:
    """Read the mask, made to the picture's size, as ``load_sources`` reads."""
    if mask is None:
        return None
    data = await _read(services, mask, retry_for_seconds)
    async with services.decoding:
        return await asyncio.to_thread(fit_mask, data, width=width, height=height)


def _normalised(data: bytes) -> tuple[ImageInfo, bytes]:
    inspect_picture(data, max_pixels=_MAX_UPLOAD_PIXELS)
    png = fit_upload(data, max_side=_MAX_SIDE)
    return inspect_picture(png), png


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
