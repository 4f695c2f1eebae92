"""Uploading source images: decoded, normalized and stored, once for an idempotency key."""

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from gql_server.database.queries.idempotency_keys import KeyScope
from gql_server.database.queries.source_images import (
    find_source_images,
    insert_source_image_once,
    uploaded_by,
)
from gql_server.database.records.source_images import SourceImageRecord
from gql_server.database.tables.images import SourceImageRow
from gql_server.domain.clock import now
from gql_server.domain.errors import ErrorCode, IdempotencyInProgress, InvalidInput, Path
from gql_server.domain.ids import new_id
from gql_server.domain.principal import Principal
from gql_server.generation.persist import save_bytes
from gql_server.generation.services import Services
from gql_server.idempotency.operations import Accepted
from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.inspection import ImageInfo, inspect_picture
from gql_server.pictures.resizing import fit_upload
from gql_server.storage.store import StoredObject

_OPERATION: Final = "uploadSourceImage"
MAX_UPLOAD_BYTES: Final = 20 * 1024 * 1024
MAX_UPLOAD_SIDE: Final = 2048
MAX_UPLOAD_PIXELS: Final = 25_000_000

_Normalized = tuple[ImageInfo, bytes]
"""An image's properties, and its bytes as PNG."""


async def upload_source_image(
    services: Services,
    principal: Principal,
    data: bytes,
    *,
    idempotency_key: str | None = None,
    path: Path = ("file",),
) -> SourceImageRecord:
    """Store an uploaded image: upright, at most 2048 pixels a side, without its metadata.

    With an idempotency key it is stored once, however often the same bytes are sent.

    Args:
        services: The services of the server.
        principal: The owner.
        data: An encoded image.
        idempotency_key: The client's key for this upload.
        path: Where in the input the bytes are, for errors.

    Raises:
        InvalidInput: There are too many bytes, or they are not a supported image.
        Rejected: The key is invalid.
        GenerationFailed: The store is unavailable.
        IdempotencyConflict: The key was used with other bytes.
        IdempotencyInProgress: The deadline passed while an earlier upload was running.
    """
    upload = _Upload(services, principal, data, path)
    if idempotency_key is None:
        accepted = await upload.accept()
        return await upload.store(accepted.result_id, accepted.request)
    scope = KeyScope(user_id=principal.user_id, operation=_OPERATION, key=idempotency_key)
    return await services.idempotency.run_request(
        scope, upload, lambda: {"file": sha256(data).hexdigest()}
    )


class _Upload:
    """An upload, with or without an idempotency key."""

    pending = IdempotencyInProgress

    def __init__(self, services: Services, principal: Principal, data: bytes, path: Path) -> None:
        self._services = services
        self._principal = principal
        self._data = data
        self._path = path
        self.has_spent = False

    async def accept(self) -> Accepted[_Normalized]:
        await self._check_quota()
        return Accepted(
            result_id=new_id("src"),
            request=await _normalize(self._services, self._data, self._path),
        )

    async def _check_quota(self) -> None:
        quota, user_id = self._services.upload_quota, self._principal.user_id
        async with self._services.database.read() as connection:
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
        async with self._services.database.read() as connection:
            found = await find_source_images(
                connection, [image_id], user_id=self._principal.user_id
            )
        return found.get(image_id)

    async def run(self, accepted: Accepted[_Normalized], scope: KeyScope) -> SourceImageRecord:
        self.has_spent = True
        return await self.store(accepted.result_id, accepted.request, scope)

    async def resume(
        self, image_id: str, _recorded: Mapping[str, Any] | None, scope: KeyScope
    ) -> SourceImageRecord:
        stored = await self.find(image_id)
        if stored is not None:
            return stored
        accepted = await self.accept()
        self.has_spent = True
        return await self.store(image_id, accepted.request, scope)

    async def store(
        self, image_id: str, normalized: _Normalized, scope: KeyScope | None = None
    ) -> SourceImageRecord:
        info, png = normalized
        row = SourceImageRow(
            id=image_id,
            user_id=self._principal.user_id,
            storage_key=f"sources/{image_id}.{ImageFormat.PNG.extension}",
            width=info.width,
            height=info.height,
            content_type=ImageFormat.PNG.content_type,
            size_bytes=len(png),
            created_at=now(),
        )
        stored = await save_bytes(
            self._services.store,
            row.storage_key,
            StoredObject(data=png, content_type=row.content_type),
        )
        row.size_bytes = len(stored.data)
        return await insert_source_image_once(self._services.database, row, key=scope)


async def _normalize(services: Services, data: bytes, path: Path) -> tuple[ImageInfo, bytes]:
    if len(data) > MAX_UPLOAD_BYTES:
        raise InvalidInput(
            f"A source image must be at most {MAX_UPLOAD_BYTES} bytes; it has {len(data)}.",
            path=path,
            code=ErrorCode.TOO_LONG,
        )
    try:
        async with services.decoding:
            return await asyncio.to_thread(_normalized, data)
    except NotAPicture as error:
        raise InvalidInput(
            f"The file is not a supported image: {error}. Send a JPEG, PNG, WebP or AVIF.",
            path=path,
        ) from error


def _normalized(data: bytes) -> tuple[ImageInfo, bytes]:
    inspect_picture(data, max_pixels=MAX_UPLOAD_PIXELS)
    png = fit_upload(data, max_side=MAX_UPLOAD_SIDE)
    return inspect_picture(png), png
