"""Settings of an image: the inputs, and the output."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, cast

import strawberry

from gql_server.api.described import describe_fields, described
from gql_server.api.descriptions import (
    IDEMPOTENCY_KEY,
    MASK_IMAGE,
    MAX_COST,
    METADATA,
    MODELS,
    SOURCE_IMAGES,
    TAGS,
    WEBHOOK_URL,
)
from gql_server.api.images.setting_descriptions import (
    GIVEN_TO_TEMPLATE,
    REQUESTED,
    SAVED,
    USED,
)
from gql_server.api.scalars import Seed
from gql_server.domain.parameters import Parameters
from gql_server.generation.requests.prompts import MIN_PROMPT_LENGTH
from gql_server.generation.requests.request import ImageRequest


@strawberry.type
class _Settings:
    negative_prompt: str | None
    width: int | None
    height: int | None
    steps: int | None
    guidance: float | None
    seed: Seed | None
    strength: float | None
    aspect_ratio: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None
    parameters: strawberry.scalars.JSON | None = None


@described
@describe_fields(USED)
@strawberry.type
class GenerationParameters(_Settings):
    """Settings used to generate an image.

    A field is null when the model has no such setting or used its own default.
    """


@described
@describe_fields(SAVED)
@strawberry.type
class TemplateParameters(_Settings):
    """Settings of a template. Null fields are not set: the model's default applies."""


@described
@describe_fields(GIVEN_TO_TEMPLATE)
@strawberry.input
class TemplateParametersInput:
    """Settings of a template.

    Fields that are omitted or null are not set: the model's default applies.
    """

    negative_prompt: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: Seed | None = None
    strength: float | None = None
    aspect_ratio: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None
    parameters: strawberry.scalars.JSON | None = None


@strawberry.input
class PromptInput:
    """The prompt, and the settings that belong to it."""

    prompt: str = strawberry.field(
        default="",
        description="Text prompt: what the image shows, such as `A red fox in the snow`. At least "
        f"{MIN_PROMPT_LENGTH} characters; the maximum depends on the model: see "
        "`Model.maxPromptLength`. Combined with the template's prompt. Some models work without "
        "one: see `Model.promptUse`.",
    )


@strawberry.input
class ImageSettingsInput:
    """How an image is generated, and what is stored with it.

    The inputs that inherit it describe the model's settings: what applies to omitted ones differs.
    """

    model: strawberry.ID | None = strawberry.field(
        default=None,
        description="Name of the model, such as `@cf/black-forest-labs/flux-1-schnell`; the query "
        "`models` lists all. When omitted, the template's model, or else the first of the field "
        "`models`.",
    )
    models: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=f"{MODELS} `Image.skippedModels` lists those that were skipped. When `model` "
        "is omitted, too, the template's apply.",
    )
    template_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="ID of a template, `tpl_…`. Its model, prompt and settings apply where the "
        "request does not set them. None when omitted.",
    )
    negative_prompt: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: Seed | None = None
    strength: float | None = None
    aspect_ratio: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None
    parameters: strawberry.scalars.JSON | None = None
    source_image_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=f"{SOURCE_IMAGES} None when omitted.",
    )
    mask_image_id: strawberry.ID | None = strawberry.field(
        default=None,
        description=f"{MASK_IMAGE} None when omitted.",
    )
    tags: list[str] | None = strawberry.field(
        default=None,
        description=f"{TAGS} None when omitted.",
    )
    metadata: strawberry.scalars.JSON | None = strawberry.field(
        default=None,
        description=f"{METADATA} None when omitted.",
    )


@described
@describe_fields(REQUESTED)
@strawberry.input
class GenerateImageInput(ImageSettingsInput, PromptInput):
    """An image to generate.

    Settings that are omitted or null are the template's, or else the model's defaults. Settings
    that the model does not have are refused: see `Model.parameters`.
    """

    max_cost: float | None = strawberry.field(
        default=None,
        description=MAX_COST,
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)
    wait: bool = strawberry.field(
        default=True,
        description="Whether to respond when the image is stored. When false, `generateImage` "
        "responds at once with a `Generation`, and the image is generated in the background. "
        "Defaults to true.",
    )
    webhook_url: str | None = strawberry.field(
        default=None,
        description=f"{WEBHOOK_URL} a signed `generation.finished` webhook, retried for a day "
        "until it is delivered. Only with `wait: false`. No webhook is sent when omitted.",
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
