"""What is done to uploads: uploaded and deleted."""

import asyncio
from typing import Annotated

import strawberry
from starlette.datastructures import UploadFile
from strawberry.file_uploads import Upload

from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.descriptions import IDEMPOTENCY_KEY
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.source_images.data_urls import DATA_URL_PATH, read_data_url
from gql_server.api.source_images.types import SourceImage, source_image_from
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.domain.errors import ErrorCode, InvalidInput, Path
from gql_server.generation import uploads as use_cases
from gql_server.generation.create_upload import (
    MAX_UPLOAD_BYTES,
    MAX_UPLOAD_PIXELS,
    MAX_UPLOAD_SIDE,
    upload_source_image,
)

_FILE_PATH: Path = ("file",)


@described
@strawberry.input
class UploadSourceImageInput:
    """An image to upload: exactly one of `file` and `dataUrl`."""

    file: Upload | None = strawberry.field(
        default=None,
        description=f"A JPEG, PNG, WebP or AVIF file of at most {MAX_UPLOAD_BYTES // 1024**2} MiB "
        f"and {MAX_UPLOAD_PIXELS:,} pixels, sent as a GraphQL multipart request. Stored upright, "
        f"at most {MAX_UPLOAD_SIDE:,} pixels per side and without its metadata.",
    )
    data_url: str | None = strawberry.field(
        default=None,
        description="The image as a data URL, for clients that cannot send multipart requests: "
        "`data:image/png;base64,…`. The whole request is limited to the server's `MAX_BODY_BYTES`, "
        "by default 8 MiB, which is enough for an image of 6 MiB.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@described
@strawberry.type
class UploadSourceImagePayload:
    """The uploaded image, or the errors that prevented it."""

    source_image: SourceImage | None = strawberry.field(
        description="The uploaded image. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Every error in the request. Empty when the request succeeded.",
        metadata=ERROR_LIST,
    )


@described
@strawberry.input
class DeleteSourceImageInput:
    """The upload to delete."""

    id: strawberry.ID = strawberry.field(description="ID of the upload, `src_…`.")


@described
@strawberry.type
class DeleteSourceImagePayload:
    """The result of deleting an upload."""

    deleted_id: strawberry.ID | None = strawberry.field(
        description="ID of the deleted upload. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Every error in the request. Empty when the request succeeded.",
        metadata=ERROR_LIST,
    )


@strawberry.type
class SourceImageMutations:
    """What is done to uploads."""

    @strawberry.mutation(description="Uploads an image to use in `sourceImageIds` or as a mask.")
    async def upload_source_image(
        self,
        info: Info,
        input: Annotated[
            UploadSourceImageInput, strawberry.argument(description="The image to upload.")
        ],
    ) -> UploadSourceImagePayload:
        """Upload an image."""
        context = info.context
        try:
            data, path = await _read(input)
            row = await upload_source_image(
                context.services,
                context.principal,
                data,
                idempotency_key=input.idempotency_key,
                path=path,
            )
        except REPORTABLE as error:
            return UploadSourceImagePayload(source_image=None, user_errors=user_errors(error))
        return UploadSourceImagePayload(source_image=source_image_from(row), user_errors=[])

    @strawberry.mutation(
        description="Deletes an upload for good, its file too, and frees its share of the user's "
        "quota. Images that were made from it stay. Deleting an upload again succeeds."
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
            await use_cases.delete_source_image(context.services, context.principal, input.id)
        except REPORTABLE as error:
            return DeleteSourceImagePayload(deleted_id=None, user_errors=user_errors(error))
        return DeleteSourceImagePayload(deleted_id=input.id, user_errors=[])


async def _read(source: UploadSourceImageInput) -> tuple[bytes, Path]:
    """Return the image's bytes, and the field that they came in."""
    if source.file is not None and source.data_url is not None:
        raise InvalidInput("Give file or dataUrl, not both.", path=DATA_URL_PATH)
    if source.data_url is not None:
        return await asyncio.to_thread(read_data_url, source.data_url), DATA_URL_PATH
    if source.file is None:
        raise InvalidInput(
            "Send the image as file, in a GraphQL multipart request, or as dataUrl.",
            path=_FILE_PATH,
            code=ErrorCode.REQUIRED,
        )
    return await _read_file(source.file), _FILE_PATH


async def _read_file(file: object) -> bytes:
    if not isinstance(file, UploadFile):
        raise InvalidInput(
            "Send the file as a GraphQL multipart request, with this variable in its map.",
            path=_FILE_PATH,
        )
    try:
        # One byte more than the maximum shows that a file is too large.
        return await file.read(MAX_UPLOAD_BYTES + 1)
    finally:
        await file.close()
