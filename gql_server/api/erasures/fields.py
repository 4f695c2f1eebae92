"""Fields of the schema's roots about purging images."""

from typing import Annotated

import strawberry

from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.erasures.types import Erasure, erasure_from, find_erasures
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.images.filters import ImageFilter, image_filter
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.domain.errors import ErrorCode, InvalidInput
from gql_server.erasure import purge as use_cases

_ERRORS = "Every error in the request. Empty when the request succeeded."


@described
@strawberry.input
class PurgeImageInput:
    """The image to purge."""

    id: strawberry.ID = strawberry.field(description="ID of the image, `img_…`, deleted or not.")


@described
@strawberry.type
class PurgeImagePayload:
    """The result of purging an image."""

    purged_id: strawberry.ID | None = strawberry.field(
        description="ID of the purged image. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(description=_ERRORS, metadata=ERROR_LIST)


@described
@strawberry.input
class PurgeImagesInput:
    """The images to purge."""

    filter: ImageFilter = strawberry.field(
        description="Images to purge, such as `{ deleted: ONLY }` for all deleted images. Deleted "
        "images match only with `deleted`. At least one field is required. Images that are stored "
        "later are not purged."
    )
    max_images: int | None = strawberry.field(
        default=None,
        description="Maximum number of images to purge, 0 or more. If more match the filter, none "
        "is purged. No maximum when omitted.",
    )


@described
@strawberry.type
class PurgeImagesPayload:
    """The accepted purge, or the errors that prevented it."""

    erasure: Erasure | None = strawberry.field(
        description="The purge, which runs in the background. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(description=_ERRORS, metadata=ERROR_LIST)


@strawberry.type
class ErasureQueries:
    """Query fields that return erasures."""

    @strawberry.field(
        description="A purge of many images that the caller requested. Null when there is none "
        "with this ID. Admins can query any."
    )
    async def erasure(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="ID of the erasure, `ers_…`.")
        ],
    ) -> Erasure | None:
        """Return an erasure."""
        return (await find_erasures(info, [id])).get(id)


@strawberry.type
class ErasureMutations:
    """Erases images for good."""

    @strawberry.mutation(
        description="Purges an image: erases its file, prompt, tags and metadata for good. This "
        "cannot be undone. Its cost remains in the ledger. Purging an image again succeeds."
    )
    async def purge_image(
        self,
        info: Info,
        input: Annotated[PurgeImageInput, strawberry.argument(description="The image to purge.")],
    ) -> PurgeImagePayload:
        """Purge an image."""
        context = info.context
        try:
            await use_cases.purge_image(context.services, context.principal, input.id)
        except REPORTABLE as error:
            return PurgeImagePayload(purged_id=None, user_errors=user_errors(error))
        return PurgeImagePayload(purged_id=input.id, user_errors=[])

    @strawberry.mutation(
        description="Purges all images that match a filter, as `purgeImage` does, in the "
        "background. This cannot be undone. Query `erasure` for its progress."
    )
    async def purge_images(
        self,
        info: Info,
        input: Annotated[PurgeImagesInput, strawberry.argument(description="The images to purge.")],
    ) -> PurgeImagesPayload:
        """Accept the purge of many images."""
        context = info.context
        try:
            if input.filter == ImageFilter():
                raise InvalidInput(
                    "Set at least one field of the filter, such as createdBefore or deleted.",
                    path=("filter",),
                    code=ErrorCode.REQUIRED,
                )
            erasure = await use_cases.purge_images(
                context.services,
                context.principal,
                image_filter(input.filter),
                max_images=input.max_images,
            )
        except REPORTABLE as error:
            return PurgeImagesPayload(erasure=None, user_errors=user_errors(error))
        return PurgeImagesPayload(erasure=erasure_from(erasure), user_errors=[])
