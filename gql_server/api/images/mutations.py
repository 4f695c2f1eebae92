"""What is done to images: made, labelled, deleted, restored."""

from collections.abc import Awaitable
from typing import Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from gql_server.api.budgets.types import MAX_WARNINGS, PayloadWarning, budget_warning
from gql_server.api.context import Info
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.images.parameters import GenerateImageInput, picture_request
from gql_server.api.images.types import Image, image_from
from gql_server.api.images.warnings import size_warnings
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.database.engine.pages import Facts
from gql_server.generation import images as use_cases
from gql_server.generation.generate import generate_image
from gql_server.graphql.execution.weights import list_size

_IMAGE = "The image; none when there are errors."
_ERRORS = "Everything that is wrong with the request, at once."


@strawberry.type(description="The picture that was made, or what kept it from being made.")
class GenerateImagePayload:
    """The picture that was made, or what kept it from being made."""

    image: Image | None = strawberry.field(description=_IMAGE)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description="What there is to know though the picture was made: a soft budget was passed, "
        "or the picture has another size than was asked for.",
        metadata=list_size(MAX_WARNINGS),
    )


@strawberry.type(description="The image as it is now, or what kept it from being changed.")
class UpdateImagePayload:
    """The image as it is now, or what kept it from being changed."""

    image: Image | None = strawberry.field(description=_IMAGE)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@strawberry.type(description="The image, which is out of lists now and can be restored.")
class DeleteImagePayload:
    """The image, which is out of lists now and can be restored."""

    image: Image | None = strawberry.field(description=_IMAGE)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@strawberry.type(description="The image, which is in lists again.")
class RestoreImagePayload:
    """The image, which is in lists again."""

    image: Image | None = strawberry.field(description=_IMAGE)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@strawberry.input(description="New tags and metadata of an image.")
class UpdateImageInput:
    """New tags and metadata of an image."""

    id: strawberry.ID = strawberry.field(description="The image.")
    tags: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="All of its tags from now on; left out or null, they stay."
    )
    metadata: strawberry.Maybe[JSON | None] = strawberry.field(
        description="All of its metadata from now on; left out, it stays; null takes it away."
    )


@strawberry.input(description="The image to delete.")
class DeleteImageInput:
    """The image to delete."""

    id: strawberry.ID = strawberry.field(description="The image.")


@strawberry.input(description="The image to restore.")
class RestoreImageInput:
    """The image to restore."""

    id: strawberry.ID = strawberry.field(description="The image.")


@strawberry.type
class ImageMutations:
    """What is done to images."""

    @strawberry.mutation(
        description="Make one picture, keep it and charge it. It goes on when the client goes away."
    )
    async def generate_image(
        self,
        info: Info,
        input: Annotated[
            GenerateImageInput, strawberry.argument(description="The picture to make.")
        ],
    ) -> GenerateImagePayload:
        """Make one picture."""
        context = info.context
        try:
            made = await generate_image(
                context.parts,
                context.principal,
                picture_request(input),
                idempotency_key=input.idempotency_key,
            )
        except REPORTABLE as error:
            errors = user_errors(error, sees_all=context.is_admin)
            return GenerateImagePayload(image=None, user_errors=errors, warnings=[])
        return GenerateImagePayload(
            image=await image_from(context, made.facts),
            user_errors=[],
            warnings=[
                *size_warnings(made.facts),
                *(budget_warning(info, state) for state in made.passed),
            ],
        )

    @strawberry.mutation(description="Change an image's tags and metadata.")
    async def update_image(
        self,
        info: Info,
        input: Annotated[UpdateImageInput, strawberry.argument(description="What is to change.")],
    ) -> UpdateImagePayload:
        """Change an image's tags and metadata."""
        context = info.context
        metadata = input.metadata.value if input.metadata is not None else None
        labels = use_cases.Labels(
            tags=input.tags.value if input.tags is not None else None,
            metadata=cast("dict[str, Any] | None", metadata),
            clears_metadata=input.metadata is not None and metadata is None,
        )
        work = use_cases.label_image(context.parts, context.principal, input.id, labels)
        image, errors = await _outcome(info, work)
        return UpdateImagePayload(image=image, user_errors=errors)

    @strawberry.mutation(
        description="Take an image out of lists. It can be restored, and what it cost stays."
    )
    async def delete_image(
        self,
        info: Info,
        input: Annotated[DeleteImageInput, strawberry.argument(description="The image to delete.")],
    ) -> DeleteImagePayload:
        """Take an image out of lists."""
        context = info.context
        work = use_cases.delete_image(context.parts, context.principal, input.id)
        image, errors = await _outcome(info, work)
        return DeleteImagePayload(image=image, user_errors=errors)

    @strawberry.mutation(description="Put a deleted image back into lists.")
    async def restore_image(
        self,
        info: Info,
        input: Annotated[
            RestoreImageInput, strawberry.argument(description="The image to restore.")
        ],
    ) -> RestoreImagePayload:
        """Put a deleted image back into lists."""
        context = info.context
        work = use_cases.restore_image(context.parts, context.principal, input.id)
        image, errors = await _outcome(info, work)
        return RestoreImagePayload(image=image, user_errors=errors)


async def _outcome(info: Info, work: Awaitable[Facts]) -> tuple[Image | None, list[UserError]]:
    try:
        facts = await work
    except REPORTABLE as error:
        return None, user_errors(error)
    return await image_from(info.context, facts), []
