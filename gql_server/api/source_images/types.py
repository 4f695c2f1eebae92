"""Uploaded pictures, for image to image."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry
from starlette.datastructures import UploadFile
from strawberry.file_uploads import Upload

from gql_server.api.context import Context, Info
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.images.parameters import IDEMPOTENCY_KEY
from gql_server.api.nodes import Node
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.database.engine.pages import Facts
from gql_server.domain.errors import InvalidInput
from gql_server.generation import images as use_cases
from gql_server.generation.source_images import MAX_UPLOAD_BYTES, upload_source_image


@strawberry.type(description="An uploaded picture, to paint over, to look at, or to mask with.")
class SourceImage(Node):
    """An uploaded picture."""

    width: int = strawberry.field(description="Its width in pixels.")
    height: int = strawberry.field(description="Its height in pixels.")
    content_type: str = strawberry.field(description="Its media type, such as `image/png`.")
    user_id: strawberry.ID = strawberry.field(description="Whose it is.")
    created_at: datetime = strawberry.field(description="When it was uploaded.")
    storage_key: strawberry.Private[str]

    @strawberry.field(description="An address that a browser can open.")
    async def url(self, info: Info) -> str:
        """Make an address."""
        return await info.context.parts.store.url(self.storage_key)


@strawberry.input(description="A picture to upload.")
class UploadSourceImageInput:
    """A picture to upload."""

    file: Upload = strawberry.field(
        description="A JPEG, PNG, WebP or AVIF of at most 20 MiB, sent as a GraphQL multipart "
        "request. It is kept upright, at most 2048 pixels a side, without its metadata."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="The uploaded picture, or what kept it from being taken.")
class UploadSourceImagePayload:
    """The uploaded picture, or what kept it from being taken."""

    source_image: SourceImage | None = strawberry.field(
        description="The picture; none when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Everything that is wrong with the request, at once.", metadata=ERROR_LIST
    )


@strawberry.input(description="The upload to delete.")
class DeleteSourceImageInput:
    """The upload to delete."""

    id: strawberry.ID = strawberry.field(description="ID of the upload, `src_…`.")


@strawberry.type(description="The result of deleting an upload.")
class DeleteSourceImagePayload:
    """The result of deleting an upload."""

    deleted_id: strawberry.ID | None = strawberry.field(
        description="ID of the deleted upload. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Every error of the request.", metadata=ERROR_LIST
    )


@strawberry.type
class SourceImageMutations:
    """What is done to uploads."""

    @strawberry.mutation(description="Upload a picture to use in `sourceImageIds` or as a mask.")
    async def upload_source_image(
        self,
        info: Info,
        input: Annotated[
            UploadSourceImageInput, strawberry.argument(description="The picture to upload.")
        ],
    ) -> UploadSourceImagePayload:
        """Upload a picture."""
        context = info.context
        try:
            data = await _read(input.file)
            facts = await upload_source_image(
                context.parts, context.principal, data, idempotency_key=input.idempotency_key
            )
        except REPORTABLE as error:
            return UploadSourceImagePayload(source_image=None, user_errors=user_errors(error))
        return UploadSourceImagePayload(
            source_image=source_image_from(context, facts), user_errors=[]
        )

    @strawberry.mutation(
        description="Deletes an upload for good, its file too, and frees its share of the user's "
        "quota. Images that were made from it stay."
    )
    async def delete_source_image(
        self,
        info: Info,
        input: Annotated[
            DeleteSourceImageInput, strawberry.argument(description="The upload to delete.")
        ],
    ) -> DeleteSourceImagePayload:
        """Delete an upload."""
        context = info.context
        try:
            await use_cases.delete_source_image(context.parts, context.principal, input.id)
        except REPORTABLE as error:
            return DeleteSourceImagePayload(deleted_id=None, user_errors=user_errors(error))
        return DeleteSourceImagePayload(deleted_id=input.id, user_errors=[])


def source_image_from(_context: Context, facts: Facts) -> SourceImage:
    """Shape a row for clients."""
    return SourceImage(
        id=facts["id"],
        width=facts["width"],
        height=facts["height"],
        content_type=facts["content_type"],
        user_id=facts["user_id"],
        created_at=facts["created_at"],
        storage_key=facts["storage_key"],
    )


async def find_source_images(info: Info, ids: Sequence[str]) -> dict[str, SourceImage]:
    """Return the caller's uploads of these ids."""
    context = info.context
    found = await use_cases.get_source_images(context.parts, context.principal, ids)
    return {image_id: source_image_from(context, facts) for image_id, facts in found.items()}


async def _read(file: object) -> bytes:
    if not isinstance(file, UploadFile):
        raise InvalidInput(
            "Send the file as a GraphQL multipart request, with this variable in its map.",
            path=("file",),
        )
    try:
        # One byte more than is taken: enough to tell that it is too much.
        return await file.read(MAX_UPLOAD_BYTES + 1)
    finally:
        await file.close()
