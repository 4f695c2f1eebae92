"""Settings of an image: the inputs, and the output."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, cast

import strawberry

from gql_server.api.described import described
from gql_server.api.scalars import Seed
from gql_server.domain.parameters import Parameters
from gql_server.generation.requests.request import ImageRequest

IDEMPOTENCY_KEY = (
    "Idempotency key: 1 to 255 printable ASCII characters, unique for each new "
    "request. Repeating a request with its key neither runs nor charges it "
    "again, for 24 hours after it finished."
)

MODELS = (
    "IDs of models to try, in this order, when `model` does not generate the image: when it is out "
    "of capacity, deprecated, refuses the request or costs more than `maxCost`. At most 5 models "
    "in all. Each must support the request's settings."
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
_ASPECT_RATIO = (
    "Width to height, such as `16:9`, for models that have the `ASPECT_RATIO` capability; see "
    "`Model.parameters`."
)
_QUALITY = "Quality of the image, in the model's words, such as `high`; see `Model.parameters`."
_BACKGROUND = (
    "Background of the image, in the model's words, such as `opaque`; see `Model.parameters`."
)
_OUTPUT_FORMAT = (
    "File format of the image, in the model's words, such as `png`; see `Model.parameters`."
)
_OWN = (
    "Settings that only some models have, as a JSON object by the model's names, such as "
    '`{resolution: "2K"}`; see `Model.parameters`.'
)
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
    aspect_ratio: str | None = strawberry.field(default=None, description=_ASPECT_RATIO)
    quality: str | None = strawberry.field(default=None, description=_QUALITY)
    background: str | None = strawberry.field(default=None, description=_BACKGROUND)
    output_format: str | None = strawberry.field(default=None, description=_OUTPUT_FORMAT)
    parameters: strawberry.scalars.JSON | None = strawberry.field(default=None, description=_OWN)


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
    aspect_ratio: str | None = strawberry.field(default=None, description=_ASPECT_RATIO)
    quality: str | None = strawberry.field(default=None, description=_QUALITY)
    background: str | None = strawberry.field(default=None, description=_BACKGROUND)
    output_format: str | None = strawberry.field(default=None, description=_OUTPUT_FORMAT)
    parameters: strawberry.scalars.JSON | None = strawberry.field(default=None, description=_OWN)


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
    aspect_ratio: str | None = strawberry.field(default=None, description=_ASPECT_RATIO)
    quality: str | None = strawberry.field(default=None, description=_QUALITY)
    background: str | None = strawberry.field(default=None, description=_BACKGROUND)
    output_format: str | None = strawberry.field(default=None, description=_OUTPUT_FORMAT)
    parameters: strawberry.scalars.JSON | None = strawberry.field(default=None, description=_OWN)


@strawberry.input
class PromptInput:
    """The prompt, and the settings that belong to it."""

    prompt: str = strawberry.field(
        default="",
        description="Text prompt: what the image shows. At least 3 characters; the maximum "
        "depends on the model, see `Model.maxPromptLength`. Combined with the "
        "template's prompt. Only some models work without one, see `Model.promptUse`.",
    )


@strawberry.input
class ImageSettingsInput:
    """How an image is generated, and what is stored with it."""

    model: strawberry.ID | None = strawberry.field(
        default=None,
        description="Name of the model, such as `@cf/black-forest-labs/flux-1-schnell`. "
        "Optional with a template.",
    )
    models: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=f"{MODELS} `Image.skippedModels` has those that were skipped. When neither "
        "`model` nor `models` is set, the template's apply.",
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
    aspect_ratio: str | None = strawberry.field(default=None, description=_ASPECT_RATIO)
    quality: str | None = strawberry.field(default=None, description=_QUALITY)
    background: str | None = strawberry.field(default=None, description=_BACKGROUND)
    output_format: str | None = strawberry.field(default=None, description=_OUTPUT_FORMAT)
    parameters: strawberry.scalars.JSON | None = strawberry.field(default=None, description=_OWN)
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
class GenerateImageInput(ImageSettingsInput, PromptInput):
    """An image to generate."""

    max_cost: float | None = strawberry.field(
        default=None,
        description="Maximum cost, in US dollars. A request that would cost more is refused.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)
    wait: bool = strawberry.field(
        default=True,
        description="Whether to answer when the image is stored. When false, `generateImage` "
        "answers at once with a `Generation`, and the image is generated in the background.",
    )
    webhook_url: str | None = strawberry.field(
        default=None,
        description="URL that receives a signed `generation.finished` webhook. Failed deliveries "
        "are retried for a day. Only with `wait: false`.",
    )


def parameters_from(source: ImageSettingsInput | TemplateParametersInput) -> Parameters:
    """Read the settings of an input."""
    return parameters_of(vars(source))


def parameters_of(given: Mapping[str, Any]) -> Parameters:
    """Read the settings of an input's fields, by their names here."""
    own = given.get("parameters")
    return Parameters(**{name: given.get(name) for name in _SHARED}, own={} if own is None else own)


def generation_parameters(row: Mapping[str, Any]) -> GenerationParameters:
    """Shape the settings of an image's row."""
    return GenerationParameters(**_attributes(row))


def template_parameters(row: Mapping[str, Any]) -> TemplateParameters:
    """Shape the settings of a template's row."""
    return TemplateParameters(**_attributes(row))


def _attributes(row: Mapping[str, Any]) -> Mapping[str, Any]:
    if "own" not in row:
        return row
    return {**{name: value for name, value in row.items() if name != "own"}, _OWN_FIELD: row["own"]}


_OWN_FIELD: Final = "parameters"
_SHARED: Final = tuple(field.name for field in fields(Parameters) if field.name != "own")


def image_request(source: GenerateImageInput) -> ImageRequest:
    """Read the request from an input."""
    return ImageRequest(
        prompt=source.prompt,
        model_id=source.model,
        fallback_model_ids=tuple(source.models or ()),
        template_id=source.template_id,
        parameters=parameters_from(source),
        source_image_ids=tuple(source.source_image_ids or ()),
        mask_image_id=source.mask_image_id,
        tags=tuple(source.tags or ()),
        max_cost=source.max_cost,
        metadata=cast("dict[str, Any] | None", source.metadata),
    )
