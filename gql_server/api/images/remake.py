"""Generating a stored image again."""

from typing import Annotated, Any, Final

import strawberry
from strawberry.scalars import JSON

from gql_server.api.budgets.warnings import MAX_WARNINGS, PayloadWarning, budget_warning
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.images.parameters import IDEMPOTENCY_KEY
from gql_server.api.images.types import Image, image_from
from gql_server.api.images.warnings import size_warnings
from gql_server.api.scalars import Seed
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.generation.remake import Remake, remake_image
from gql_server.graphql.execution.weights import list_size

_SAME = "As in the first image when omitted; the model's default when null."


@described
@strawberry.input
class RemakeImageInput:
    """The image to generate again, and what to change."""

    id: strawberry.ID = strawberry.field(description="ID of the image, `img_…`.")
    prompt: strawberry.Maybe[str | None] = strawberry.field(
        description="New prompt, combined with the current text of the image's template. As in the "
        "first image when omitted or null."
    )
    model: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="Name of another model. Settings that this model does not have are dropped, "
        "and those with the first model's default take the new model's. The same model when "
        "omitted or null."
    )
    negative_prompt: strawberry.Maybe[str | None] = strawberry.field(
        description=f"Things the image should not show. {_SAME}"
    )
    width: strawberry.Maybe[int | None] = strawberry.field(
        description=f"Image width in pixels. {_SAME}"
    )
    height: strawberry.Maybe[int | None] = strawberry.field(
        description=f"Image height in pixels. {_SAME}"
    )
    steps: strawberry.Maybe[int | None] = strawberry.field(
        description=f"Number of denoising steps. {_SAME}"
    )
    guidance: strawberry.Maybe[float | None] = strawberry.field(
        description=f"Guidance scale. {_SAME}"
    )
    seed: strawberry.Maybe[Seed | None] = strawberry.field(
        description="Seed of the random generator. As in the first image when omitted; chosen at "
        "random when null."
    )
    strength: strawberry.Maybe[float | None] = strawberry.field(
        description="How much the result may differ from the source image, from 0 (not at all) to "
        f"1. {_SAME}"
    )
    aspect_ratio: strawberry.Maybe[str | None] = strawberry.field(
        description=f"Width to height, such as `16:9`, which replaces width and height. {_SAME}"
    )
    quality: strawberry.Maybe[str | None] = strawberry.field(
        description=f"Quality of the image, in the model's words. {_SAME}"
    )
    background: strawberry.Maybe[str | None] = strawberry.field(
        description=f"Background of the image, in the model's words. {_SAME}"
    )
    output_format: strawberry.Maybe[str | None] = strawberry.field(
        description=f"File format of the image, in the model's words. {_SAME}"
    )
    parameters: strawberry.Maybe[JSON | None] = strawberry.field(
        description="Settings that only some models have, as a JSON object by the model's names. "
        "Settings that are not in the object stay as they were; null in it stands for the model's "
        "default."
    )
    source_image_ids: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(
        description="IDs of other source images. The same when omitted; none when null or empty."
    )
    mask_image_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="ID of another mask. The same when omitted; none when null."
    )
    tags: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="Tags of the new image. Those of the first image when omitted; none when null."
    )
    metadata: strawberry.Maybe[JSON | None] = strawberry.field(
        description="Client-defined metadata of the new image. That of the first image when "
        "omitted; none when null."
    )
    max_cost: float | None = strawberry.field(
        default=None,
        description="Maximum cost, in US dollars. A request that would cost more is refused.",
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
        description="Generates an image again, as it was or with changes, stores it as a new image"
        " and charges the caller for it. Without changes, the model receives the same request"
        " with the same seed, source images and mask."
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
        remake = Remake(image_id=input.id, changes=_changes(input), max_cost=input.max_cost)
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


def _changes(source: RemakeImageInput) -> dict[str, Any]:
    """Return the fields that the client gave, by the names of the use case."""
    return {
        _NAMES.get(name, name): change.value
        for name, change in vars(source).items()
        if name not in _NO_CHANGES and change is not None
    }


_NAMES: Final = {"model": "model_id", "parameters": "own"}
_NO_CHANGES: Final = frozenset({"id", "max_cost", "idempotency_key"})
