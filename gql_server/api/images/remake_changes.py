"""What to change in images that are generated again."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from gql_server.api.scalars import Seed
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.generation.remake import NAMES
from gql_server.generation.requests.prompts import MIN_PROMPT_LENGTH
from gql_server.generation.requests.tags_and_metadata import describe_metadata, describe_tags


@strawberry.input
class RemakeChangesInput:
    """What to change; the rest stays as it was."""

    prompt: strawberry.Maybe[str | None] = strawberry.field(
        description="New prompt, combined with the current text of the image's template. At least "
        f"{MIN_PROMPT_LENGTH} characters; the maximum depends on the model: see "
        "`Model.maxPromptLength`. As in the first image when omitted or null."
    )
    model: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="Name of another model, such as `@cf/black-forest-labs/flux-2-dev`. Settings "
        "that it does not have are dropped, and defaults of the first model become those of the "
        "new one. The same model when omitted or null."
    )
    models: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(
        description="IDs of models to try, in this order, when `model` does not generate the "
        f"image, as in `generateImage`. At most {MAX_MODELS} models, the first one included; each "
        "takes the settings of the first image that it has. None when omitted or null."
    )
    negative_prompt: strawberry.Maybe[str | None]
    width: strawberry.Maybe[int | None]
    height: strawberry.Maybe[int | None]
    steps: strawberry.Maybe[int | None]
    guidance: strawberry.Maybe[float | None]
    seed: strawberry.Maybe[Seed | None]
    strength: strawberry.Maybe[float | None]
    aspect_ratio: strawberry.Maybe[str | None]
    quality: strawberry.Maybe[str | None]
    background: strawberry.Maybe[str | None]
    output_format: strawberry.Maybe[str | None]
    parameters: strawberry.Maybe[JSON | None]
    source_image_ids: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(
        description="IDs of other source images (`img_…` or `src_…`). The number depends on the "
        "model: see `Model.imageInputs`. The same images when omitted; none when null or empty."
    )
    mask_image_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="ID of another mask (`img_…` or `src_…`). The same mask when omitted; none "
        "when null."
    )
    tags: strawberry.Maybe[list[str] | None] = strawberry.field(
        description=f"{describe_tags('Tags of the new image')} Those of the first image when "
        "omitted; none when null."
    )
    metadata: strawberry.Maybe[JSON | None] = strawberry.field(
        description=f"{describe_metadata('Client-defined metadata of the new image')} That of the "
        "first image when omitted; none when null."
    )


def image_changes(source: RemakeChangesInput) -> dict[str, Any]:
    """Return the fields that the client gave, by the names of the use case."""
    return {
        NAMES.get(name, name): change.value
        for name in RemakeChangesInput.__annotations__
        if (change := getattr(source, name)) is not None
    }
