"""Generating a stored image again."""

from typing import Annotated

import strawberry

from gql_server.api.budgets.warnings import MAX_WARNINGS, PayloadWarning, budget_warning
from gql_server.api.context import Info
from gql_server.api.described import describe_fields, described
from gql_server.api.descriptions import IDEMPOTENCY_KEY, MAX_COST
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.images.remake_changes import RemakeChangesInput, image_changes
from gql_server.api.images.setting_descriptions import CHANGED
from gql_server.api.images.types import Image, image_from
from gql_server.api.images.warnings import size_warnings
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.generation.remake import Remake, remake_image
from gql_server.graphql.execution.weights import list_size


@described
@describe_fields(CHANGED)
@strawberry.input
class RemakeImageInput(RemakeChangesInput):
    """The image to generate again, and what to change."""

    id: strawberry.ID = strawberry.field(description="ID of the image to generate again, `img_…`.")
    max_cost: float | None = strawberry.field(
        default=None,
        description=MAX_COST,
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@described
@strawberry.type
class RemakeImagePayload:
    """The new image, or the errors that prevented it."""

    image: Image | None = strawberry.field(description="The new image. Null when there are errors.")
    user_errors: list[UserError] = strawberry.field(
        description="Every error in the request. Empty when the request succeeded.",
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description="Warnings about the new image, such as an exceeded soft budget or another "
        "size than requested.",
        metadata=list_size(MAX_WARNINGS),
    )


@strawberry.type
class RemakeMutations:
    """The mutation that generates a stored image again."""

    @strawberry.mutation(
        description="Generates an image again, as it was or with changes, stores it as a new image "
        "and charges the caller for it. Without changes, the model receives the same request with "
        "the same seed, source images and mask."
    )
    async def remake_image(
        self,
        info: Info,
        input: Annotated[
            RemakeImageInput, strawberry.argument(description="The image, and the changes.")
        ],
    ) -> RemakeImagePayload:
        """Generate an image again."""
        context = info.context
        remake = Remake(image_id=input.id, changes=image_changes(input), max_cost=input.max_cost)
        try:
            made = await remake_image(
                context.services,
                context.principal,
                remake,
                idempotency_key=input.idempotency_key,
            )
        except REPORTABLE as error:
            errors = user_errors(error, shows_server_totals=context.is_admin)
            return RemakeImagePayload(image=None, user_errors=errors, warnings=[])
        return RemakeImagePayload(
            image=await image_from(context, made.image),
            user_errors=[],
            warnings=[
                *size_warnings(made.image),
                *(budget_warning(info, state) for state in made.exceeded),
            ],
        )
