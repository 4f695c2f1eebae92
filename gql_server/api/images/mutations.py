"""What is done to images: made, labelled, deleted, restored."""

from collections.abc import Awaitable
from typing import Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from gql_server.api.budgets.warnings import MAX_WARNINGS, PayloadWarning, budget_warning
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.generations.types import Generation, generation_from
from gql_server.api.images.parameters import GenerateImageInput, image_request
from gql_server.api.images.types import Image, image_from
from gql_server.api.images.warnings import size_warnings
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.batches.generations import start_generation
from gql_server.database.records.images import PartialImage
from gql_server.domain.errors import InvalidInput
from gql_server.generation import images as use_cases
from gql_server.generation.generate import generate_image
from gql_server.generation.requests.tags_and_metadata import describe_metadata, describe_tags
from gql_server.graphql.execution.weights import list_size

_IMAGE = "The image. Null when there are errors."
_NEW_METADATA = describe_metadata(
    'New metadata, such as `{"order": 42}`, which replaces the existing object'
)
_ERRORS = "Every error in the request. Empty when the request succeeded."


@described
@strawberry.type
class GenerateImagePayload:
    """The generated image, or the errors that prevented it."""

    image: Image | None = strawberry.field(
        description="The image. Null when there are errors, and with `wait: false`."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description="Warnings about the generated image, such as an exceeded soft budget or"
        " another size than requested.",
        metadata=list_size(MAX_WARNINGS),
    )
    generation: Generation | None = strawberry.field(
        default=None,
        description="The generation of the image in the background. Null when `wait` is true, or "
        "when there are errors.",
    )


@described
@strawberry.type
class UpdateImagePayload:
    """The updated image, or the errors that prevented it."""

    image: Image | None = strawberry.field(description=_IMAGE)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@described
@strawberry.type
class DeleteImagePayload:
    """The deleted image, or the errors that prevented it."""

    image: Image | None = strawberry.field(description=_IMAGE)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@described
@strawberry.type
class RestoreImagePayload:
    """The restored image, or the errors that prevented it."""

    image: Image | None = strawberry.field(description=_IMAGE)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@described
@strawberry.input
class UpdateImageInput:
    """Changes to an image's tags and metadata. Fields that are omitted stay unchanged."""

    id: strawberry.ID = strawberry.field(description="ID of the image, `img_…`.")
    tags: strawberry.Maybe[list[str] | None] = strawberry.field(
        description=f"{describe_tags('New tags, which replace all existing ones')} Unchanged when "
        "omitted or null; an empty list removes all."
    )
    metadata: strawberry.Maybe[JSON | None] = strawberry.field(
        description=f"{_NEW_METADATA} Unchanged when omitted; null removes it."
    )


@described
@strawberry.input
class DeleteImageInput:
    """The image to delete."""

    id: strawberry.ID = strawberry.field(description="ID of the image, `img_…`.")


@described
@strawberry.input
class RestoreImageInput:
    """The image to restore."""

    id: strawberry.ID = strawberry.field(description="ID of the image, `img_…`.")


@strawberry.type
class ImageMutations:
    """What is done to images."""

    @strawberry.mutation(
        description="Generates an image, stores it and charges for it. Generation continues"
        " if the client disconnects."
    )
    async def generate_image(
        self,
        info: Info,
        input: Annotated[
            GenerateImageInput, strawberry.argument(description="The image to generate.")
        ],
    ) -> GenerateImagePayload:
        """Generate one image."""
        context = info.context
        try:
            if not input.wait:
                return await _started(info, input)
            if input.webhook_url is not None:
                raise InvalidInput(
                    "Set webhookUrl only with wait: false; otherwise the response has the image.",
                    path=("webhook_url",),
                )
            made = await generate_image(
                context.services,
                context.principal,
                image_request(input),
                idempotency_key=input.idempotency_key,
            )
        except REPORTABLE as error:
            errors = user_errors(error, shows_server_totals=context.is_admin)
            return GenerateImagePayload(image=None, user_errors=errors, warnings=[])
        return GenerateImagePayload(
            image=await image_from(context, made.image),
            user_errors=[],
            warnings=[
                *size_warnings(made.image),
                *(budget_warning(info, state) for state in made.exceeded),
            ],
        )

    @strawberry.mutation(description="Updates an image's tags and metadata.")
    async def update_image(
        self,
        info: Info,
        input: Annotated[UpdateImageInput, strawberry.argument(description="The changes.")],
    ) -> UpdateImagePayload:
        """Updates an image's tags and metadata."""
        context = info.context
        metadata = input.metadata.value if input.metadata is not None else None
        labels = use_cases.Labels(
            tags=input.tags.value if input.tags is not None else None,
            metadata=cast("dict[str, Any] | None", metadata),
            clears_metadata=input.metadata is not None and metadata is None,
        )
        work = use_cases.label_image(context.services, context.principal, input.id, labels)
        image, errors = await _outcome(info, work)
        return UpdateImagePayload(image=image, user_errors=errors)

    @strawberry.mutation(
        description="Deletes an image: it disappears from lists and can be restored. Its "
        "cost remains in the ledger."
    )
    async def delete_image(
        self,
        info: Info,
        input: Annotated[DeleteImageInput, strawberry.argument(description="The image to delete.")],
    ) -> DeleteImagePayload:
        """Take an image out of lists."""
        context = info.context
        work = use_cases.delete_image(context.services, context.principal, input.id)
        image, errors = await _outcome(info, work)
        return DeleteImagePayload(image=image, user_errors=errors)

    @strawberry.mutation(description="Restores a deleted image.")
    async def restore_image(
        self,
        info: Info,
        input: Annotated[
            RestoreImageInput, strawberry.argument(description="The image to restore.")
        ],
    ) -> RestoreImagePayload:
        """Restores a deleted image."""
        context = info.context
        work = use_cases.restore_image(context.services, context.principal, input.id)
        image, errors = await _outcome(info, work)
        return RestoreImagePayload(image=image, user_errors=errors)


async def _started(info: Info, source: GenerateImageInput) -> GenerateImagePayload:
    created = await start_generation(
        info.context.services,
        info.context.principal,
        image_request(source),
        webhook_url=source.webhook_url,
        idempotency_key=source.idempotency_key,
    )
    return GenerateImagePayload(
        image=None,
        user_errors=[],
        warnings=[budget_warning(info, state) for state in created.exceeded],
        generation=generation_from(created.batch),
    )


async def _outcome(
    info: Info, work: Awaitable[PartialImage]
) -> tuple[Image | None, list[UserError]]:
    try:
        row = await work
    except REPORTABLE as error:
        return None, user_errors(error)
    return await image_from(info.context, row), []
