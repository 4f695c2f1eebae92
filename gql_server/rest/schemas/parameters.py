"""The settings of an image and of a template."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from gql_server.domain.parameters import Parameters
from gql_server.generation.requests.tags_and_metadata import describe_metadata, describe_tags
from gql_server.inference.setting_descriptions import (
    models_description,
    request_descriptions,
    template_descriptions,
)
from gql_server.rest.schemas.fields import FLUX, IMAGE_ID, SDXL, TEMPLATE_ID, Given, described

PARAMETERS: Final = tuple(field.name for field in fields(Parameters) if field.name != "own")


WHERE_RANGES_ARE: Final = "see `settings` of `/api/models`."
"""Where this API has a model's ranges and defaults."""

WHERE_OWN_RANGES_ARE: Final = "see `parameters` of `/api/models`."
_REQUESTED: Final = request_descriptions(WHERE_RANGES_ARE, where_own=WHERE_OWN_RANGES_ARE)
_GIVEN_TO_TEMPLATE: Final = template_descriptions(WHERE_RANGES_ARE, where_own=WHERE_OWN_RANGES_ARE)

MAX_COST: Final = (
    "Maximum cost in US dollars, 0 or more. A request that would cost more is refused. No maximum "
    "when omitted."
)


class TemplateParameters(Given):
    """Settings of an image. Null or omitted fields use the model's default."""

    negative_prompt: str | None = described(
        _GIVEN_TO_TEMPLATE["negative_prompt"], "people, text", None
    )
    width: int | None = described(_GIVEN_TO_TEMPLATE["width"], 1024, None)
    height: int | None = described(_GIVEN_TO_TEMPLATE["height"], 768, None)
    steps: int | None = described(_GIVEN_TO_TEMPLATE["steps"], 20, None)
    guidance: float | None = described(_GIVEN_TO_TEMPLATE["guidance"], 7.5, None)
    seed: int | None = described(_GIVEN_TO_TEMPLATE["seed"], 42, None)
    strength: float | None = described(_GIVEN_TO_TEMPLATE["strength"], 0.6, None)
    aspect_ratio: str | None = described(_GIVEN_TO_TEMPLATE["aspect_ratio"], "16:9", None)
    quality: str | None = described(_GIVEN_TO_TEMPLATE["quality"], "high", None)
    background: str | None = described(_GIVEN_TO_TEMPLATE["background"], "opaque", None)
    output_format: str | None = described(_GIVEN_TO_TEMPLATE["output_format"], "png", None)
    parameters: dict[str, Any] | None = described(
        _GIVEN_TO_TEMPLATE["parameters"], {"resolution": "2K"}, None
    )


class ModelAndTemplate(Given):
    """The model, template and settings of an image."""

    model: str | None = described(
        "ID of the model, such as `@cf/black-forest-labs/flux-1-schnell`; `/api/models` lists all. "
        "When omitted, the template's model, or else the first of `models`.",
        FLUX,
        None,
    )
    models: list[str] | None = described(
        f"{models_description('max_cost')} When `model` is omitted, too, the template's apply.",
        [SDXL],
        None,
        fail_fast=True,
    )
    template_id: str | None = described(
        "ID of a template, `tpl_…`. Its model, prompt and settings apply where the request does "
        "not set them. None when omitted.",
        TEMPLATE_ID,
        None,
    )
    metadata: dict[str, Any] | None = described(
        f"{describe_metadata('Client-defined metadata stored with the image')} None when omitted.",
        {"order": 42},
        None,
    )


class ImageSettings(TemplateParameters, ModelAndTemplate):
    """How an image is generated, and what is stored with it."""

    negative_prompt: str | None = described(_REQUESTED["negative_prompt"], "people, text", None)
    seed: int | None = described(_REQUESTED["seed"], 42, None)
    source_image_ids: list[str] | None = described(
        "IDs of generated images (`img_…`) or uploads (`src_…`) to transform or to use as "
        "references. The number depends on the model. None when omitted.",
        [IMAGE_ID],
        None,
        fail_fast=True,
    )
    mask_image_id: str | None = described(
        "ID of a mask: a generated image (`img_…`) or an upload (`src_…`). White areas of the "
        "source image are repainted, black and transparent areas are kept. None when omitted.",
        IMAGE_ID,
        None,
    )
    tags: list[str] | None = described(
        f"{describe_tags('Tags to find the image by')} None when omitted.",
        ["shop"],
        None,
        fail_fast=True,
    )
    max_cost: float | None = described(
        MAX_COST,
        0.05,
        None,
        ge=0,
    )


def parameters_from(given: TemplateParameters) -> Parameters:
    """Read the settings."""
    shared = {name: getattr(given, name) for name in PARAMETERS}
    return Parameters(**shared, own=given.parameters or {})


def template_parameters(row: Mapping[str, Any]) -> TemplateParameters:
    """Shape the settings of a row."""
    return TemplateParameters(
        **{"parameters" if name == "own" else name: value for name, value in row.items()}
    )


def settings_from(given: ImageSettings) -> dict[str, Any]:
    """Read what a ``ImageRequest`` says beside its prompt."""
    return {
        "model_id": given.model,
        "fallback_model_ids": tuple(given.models or ()),
        "template_id": given.template_id,
        "parameters": parameters_from(given),
        "source_image_ids": tuple(given.source_image_ids or ()),
        "mask_image_id": given.mask_image_id,
        "tags": tuple(given.tags or ()),
        "metadata": given.metadata,
    }
