"""What to change in images that are generated again."""

from typing import Any, Final

import strawberry
from strawberry.scalars import JSON

from gql_server.api.scalars import Seed
from gql_server.generation.remake import NAMES

_SAME: Final = "As in the first image when omitted; the model's default when null."


@strawberry.input
class RemakeChangesInput:
    """What to change; the rest stays as it was."""

    prompt: strawberry.Maybe[str | None] = strawberry.field(
        description="New prompt, combined with the current text of the image's template. As in the "
        "first image when omitted or null."
    )
    model: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="Name of another model. Settings that this model does not have are dropped, "
        "and those with the first model's default take the new model's. The same model when "
        "omitted or null."
    )
    models: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(
        description="IDs of models to try, in this order, when `model` does not generate the image,"
        " as in `generateImage`. Each takes the settings of the first image that it has. None when "
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


def image_changes(source: RemakeChangesInput) -> dict[str, Any]:
    """Return the fields that the client gave, by the names of the use case."""
    return {
        NAMES.get(name, name): change.value
        for name in RemakeChangesInput.__annotations__
        if (change := getattr(source, name)) is not None
    }
