"""The settings of a picture, as they come in and as they go out."""

from dataclasses import fields
from typing import Any, cast

import strawberry

from gql_server.api.described import described
from gql_server.api.scalars import Seed
from gql_server.domain.parameters import Parameters
from gql_server.generation.requests import ImageRequest

IDEMPOTENCY_KEY = (
    "Idempotency key: 1 to 255 printable ASCII characters, unique for each new "
    "request. Repeating a request with its key neither runs nor charges it "
    "again, for 24 hours after it finished."
)

_NEGATIVE_PROMPT = "Things the image should not show."
_WIDTH = "Image width in pixels."
_HEIGHT = "Image height in pixels."
_STEPS = (
    "Number of denoising steps. More steps are slower and often sharper. Default "
    "and range depend on the model, see `Model.parameters`."
)
_GUIDANCE = (
    "Guidance scale: higher values follow the prompt more closely. Default and "
    "range depend on the model, see `Model.parameters`."
)
_SEED = "Seed of the random generator. The same seed and settings give the same image."
_STRENGTH = "How much the result may differ from the source image, from 0 (not at all) to 1."


@described
@strawberry.type
class GenerationParameters:
    """Settings used to generate an image.

    Null fields are settings that the model does not have.
    """

    negative_prompt: str | None = strawberry.field(description=_NEGATIVE_PROMPT)
    width: int | None = strawberry.field(description=_WIDTH)
    height: int | None = strawberry.field(description=_HEIGHT)
    steps: int | None = strawberry.field(description=_STEPS)
    guidance: float | None = strawberry.field(description=_GUIDANCE)
    seed: Seed | None = strawberry.field(description=_SEED)
    strength: float | None = strawberry.field(description=_STRENGTH)


@described
@strawberry.type
class TemplateParameters:
    """Settings of a template.

    Null fields use the model's default.
    """

    negative_prompt: str | None = strawberry.field(description=_NEGATIVE_PROMPT)
    width: int | None = strawberry.field(description=_WIDTH)
    height: int | None = strawberry.field(description=_HEIGHT)
    steps: int | None = strawberry.field(description=_STEPS)
    guidance: float | None = strawberry.field(description=_GUIDANCE)
    seed: Seed | None = strawberry.field(description=_SEED)
    strength: float | None = strawberry.field(description=_STRENGTH)


@described
@strawberry.input
class TemplateParametersInput:
    """Settings of a template.

    Omitted fields use the model's default.
    """

    negative_prompt: str | None = strawberry.field(default=None, description=_NEGATIVE_PROMPT)
    width: int | None = strawberry.field(default=None, description=_WIDTH)
    height: int | None = strawberry.field(default=None, description=_HEIGHT)
    steps: int | None = strawberry.field(default=None, description=_STEPS)
    guidance: float | None = strawberry.field(default=None, description=_GUIDANCE)
    seed: Seed | None = strawberry.field(default=None, description=_SEED)
    strength: float | None = strawberry.field(default=None, description=_STRENGTH)


@strawberry.input
class PromptInput:
    """What a picture shows."""

    prompt: str = strawberry.field(
        description="Text prompt: what the image shows. At least 3 characters; the maximum "
        "depends on the model, see `Model.maxPromptLength`. Combined with the "
        "template's prompt."
    )


@strawberry.input
class PictureSettingsInput:
    """How a picture is made, and what is kept with it."""

    model: strawberry.ID | None = strawberry.field(
        default=None,
        description="Name of the model, such as `@cf/black-forest-labs/flux-1-schnell`. "
        "Optional with a template.",
    )
    template_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="ID of a template whose model, prompt and settings apply where the "
        "request does not override them.",
    )
    negative_prompt: str | None = strawberry.field(default=None, description=_NEGATIVE_PROMPT)
    width: int | None = strawberry.field(default=None, description=_WIDTH)
    height: int | None = strawberry.field(default=None, description=_HEIGHT)
    steps: int | None = strawberry.field(default=None, description=_STEPS)
    guidance: float | None = strawberry.field(default=None, description=_GUIDANCE)
    seed: Seed | None = strawberry.field(
        default=None, description=f"{_SEED} Chosen at random when omitted."
    )
    strength: float | None = strawberry.field(default=None, description=_STRENGTH)
    source_image_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="IDs of generated images (`img_…`) or uploads (`src_…`) to transform or"
        " to use as references. `Model.imageInputs` has the number the model "
        "accepts.",
    )
    mask_image_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="ID of a mask: a generated image or an upload. White areas of the "
        "source image are repainted, black and transparent areas are kept.",
    )
    tags: list[str] | None = strawberry.field(
        default=None,
        description="Tags to find the image by. At most 20, each of 1 to 64 characters.",
    )
    metadata: strawberry.scalars.JSON | None = strawberry.field(
        default=None,
        description="Client-defined metadata stored with the image: a JSON object of at "
        "most 16 KiB.",
    )


@described
@strawberry.input
class GenerateImageInput(PictureSettingsInput, PromptInput):
    """An image to generate."""

    max_cost: float | None = strawberry.field(
        default=None,
        description="Maximum cost, in US dollars. A request that would cost more is refused.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


def parameters_from(source: PictureSettingsInput | TemplateParametersInput) -> Parameters:
    """Read the settings of an input."""
    return Parameters(**{field.name: getattr(source, field.name) for field in fields(Parameters)})


def picture_request(source: GenerateImageInput) -> ImageRequest:
    """Read the picture that an input asks for."""
    return ImageRequest(
        prompt=source.prompt,
        model_id=source.model,
        template_id=source.template_id,
        parameters=parameters_from(source),
        source_image_ids=tuple(source.source_image_ids or ()),
        mask_image_id=source.mask_image_id,
        tags=tuple(source.tags or ()),
        max_cost=source.max_cost,
        metadata=cast("dict[str, Any] | None", source.metadata),
    )
