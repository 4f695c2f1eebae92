"""The settings of an image and of a template."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from gql_server.domain.parameters import Parameters
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.rest.schemas.fields import FLUX, IMAGE_ID, SDXL, TEMPLATE_ID, Given, described

PARAMETERS: Final = tuple(field.name for field in fields(Parameters) if field.name != "own")


class TemplateParameters(Given):
    """Settings of an image. Null or omitted fields use the model's default."""

    negative_prompt: str | None = described(
        "Things the image should not show.", "people, text", None
    )
    width: int | None = described("Image width in pixels.", 1024, None)
    height: int | None = described("Image height in pixels.", 768, None)
    steps: int | None = described(
        "Number of denoising steps. More steps are slower and often sharper. "
        "Default and range depend on the model.",
        20,
        None,
    )
    guidance: float | None = described(
        "Guidance scale: higher values follow the prompt more closely. Default and "
        "range depend on the model.",
        7.5,
        None,
    )
    seed: int | None = described(
        "Seed of the random generator. The same seed and settings give the same image. From 0 to "
        "9007199254740991 (2^53 - 1).",
        42,
        None,
    )
    strength: float | None = described(
        "How much the result may differ from the source image, from 0 (not at all) to 1.", 0.6, None
    )
    aspect_ratio: str | None = described(
        "Width to height, for models that accept it.", "16:9", None
    )
    quality: str | None = described("Quality of the image, in the model's words.", "high", None)
    background: str | None = described(
        "Background of the image, in the model's words.", "opaque", None
    )
    output_format: str | None = described(
        "File format of the image, in the model's words.", "png", None
    )
    parameters: dict[str, Any] | None = described(
        "Settings that only some models have, by the model's names; see `parameters` of "
        "`/api/models`.",
        {"resolution": "2K"},
        None,
    )


class ModelAndTemplate(Given):
    """The model, template and settings of an image."""

    model: str | None = described(
        "ID of the model, from `/api/models`. Optional with a template.",
        FLUX,
        None,
    )
    models: list[str] | None = described(
        "IDs of models to try, in this order, when `model` does not generate the image: when it "
        "is out of capacity, deprecated, refuses the request or costs more than `max_cost`. At "
        f"most {MAX_MODELS} models in all. Each must support the request's settings.",
        [SDXL],
        None,
        fail_fast=True,
    )
    template_id: str | None = described(
        "ID of a template whose model, prompt and settings apply where the "
        "request does not override them.",
        TEMPLATE_ID,
        None,
    )
    metadata: dict[str, Any] | None = described(
        "Client-defined metadata stored with the image: a JSON object of at most 16 KiB.",
        {"order": 42},
        None,
    )


class ImageSettings(TemplateParameters, ModelAndTemplate):
    """How an image is generated, and what is stored with it."""

    source_image_ids: list[str] | None = described(
        "IDs of generated images (`img_…`) or uploads (`src_…`) to transform or"
        " to use as references.",
        [IMAGE_ID],
        None,
        fail_fast=True,
    )
    mask_image_id: str | None = described(
        "ID of a mask: a generated image or an upload. White areas of the "
        "source image are repainted, black and transparent areas are kept.",
        IMAGE_ID,
        None,
    )
    tags: list[str] | None = described(
        "Tags to find the image by. At most 20, each of 1 to 64 characters.",
        ["shop"],
        None,
        fail_fast=True,
    )
    max_cost: float | None = described(
        "Maximum cost, in US dollars. A request that would cost more is refused.", 0.05, None, ge=0
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
