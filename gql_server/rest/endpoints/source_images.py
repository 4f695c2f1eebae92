"""Uploads: taken as a file or a form, listed, read and deleted."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Request, Response

from gql_server.database.records.source_images import SourceImageRecord
from gql_server.domain.errors import ImageNotFound
from gql_server.generation import uploads as use_cases
from gql_server.generation.create_upload import upload_source_image
from gql_server.rest.bodies.uploads import read_picture
from gql_server.rest.context import Context, ContextOfRequest
from gql_server.rest.endpoints.generation import IdempotencyKey
from gql_server.rest.schemas.fields import (
    MOMENT_EXAMPLE,
    SOURCE_IMAGE_ID,
    USER,
    Answer,
    Moment,
    described,
)
from gql_server.rest.schemas.pages import (
    DEFAULT_LIMIT,
    NEXT_CURSOR,
    TOTAL,
    Cursor,
    Limit,
    next_cursor,
    page_request,
)
from gql_server.web.headers import unquoted

SourceImageId = Annotated[
    str, Path(description="ID of the upload, `src_…`.", examples=[SOURCE_IMAGE_ID])
]


class SourceImage(Answer):
    """An uploaded image, for `source_image_ids`."""

    id: str = described("ID of the upload, `src_…`.", SOURCE_IMAGE_ID)
    url: str = described(
        "URL of the file. Signed and valid for an hour where the bucket is "
        "private or the server requires API keys.",
        f"https://images.example.com/sources/{SOURCE_IMAGE_ID}.png",
    )
    width: int = described("Width in pixels.", 1024)
    height: int = described("Height in pixels.", 768)
    content_type: str = described("Media type of the stored file.", "image/png")
    size_bytes: int = described("Size of the stored file in bytes.", 524288)
    created_at: Moment = described("When the image was uploaded.", MOMENT_EXAMPLE)
    user_id: str = described("ID of the user who owns the upload.", USER)


class SourceImageList(Answer):
    """A page of uploads, newest first."""

    source_images: list[SourceImage] = described("The uploads.", [])
    total: int = TOTAL
    next_cursor: str | None = NEXT_CURSOR


class DeletedSourceImage(Answer):
    """An upload that was deleted."""

    id: str = described("ID of the deleted upload.", SOURCE_IMAGE_ID)
    is_deleted: bool = described("Whether the upload is deleted: always true.", True)


async def upload(
    context: ContextOfRequest,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> SourceImage:
    """Store an upload."""
    uploaded = await upload_source_image(
        context.services,
        context.principal,
        await read_picture(request),
        idempotency_key=unquoted(idempotency_key),
    )
    (shown,) = await _source_images(context, [uploaded])
    response.headers["Location"] = f"/api/source-images/{shown.id}"
    return shown


async def list_source_images(
    context: ContextOfRequest, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> SourceImageList:
    """Return a page of the caller's uploads."""
    page = await use_cases.list_source_images(
        context.services, context.principal, page_request(limit, cursor)
    )
    return SourceImageList(
        source_images=await _source_images(context, page.rows),
        total=await use_cases.source_image_count(context.services, context.principal),
        next_cursor=next_cursor(page),
    )


async def get_source_image(context: ContextOfRequest, id: SourceImageId) -> SourceImage:
    """Return one of the caller's uploads."""
    found = await use_cases.get_source_images(context.services, context.principal, [id])
    if id not in found:
        raise ImageNotFound(id)
    (shown,) = await _source_images(context, [found[id]])
    return shown


async def delete_source_image(context: ContextOfRequest, id: SourceImageId) -> DeletedSourceImage:
    """Delete one of the caller's uploads for good."""
    await use_cases.delete_source_image(context.services, context.principal, id)
    return DeletedSourceImage(id=id, is_deleted=True)


async def _source_images(context: Context, found: Sequence[SourceImageRecord]) -> list[SourceImage]:
    return [
        SourceImage(
            id=upload.id,
            url=await context.services.store.url(upload.storage_key),
            width=upload.width,
            height=upload.height,
            content_type=upload.content_type,
            size_bytes=upload.size_bytes,
            created_at=upload.created_at,
            user_id=upload.user_id,
        )
        for upload in found
    ]
