"""The settings of an image."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from gql_server.domain.parameters import Parameters
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.generation.requests.request import ImageRequest
from gql_server.mcp.schemas.fields import Arguments, described

_PARAMETERS: Final = tuple(field.name for field in fields(Parameters) if field.name != "own")


class Spending(Arguments):
    """Arguments of tools that spend money."""

    max_cost: float | None = described(
        "Maximum cost in US dollars. A request that would cost more is refused, and nothing is "
        "charged.",
        None,
        ge=0,
    )
    idempotency_key: str | None = described(
        "Any text of 1 to 255 printable ASCII characters that is unique for this request. "
        "Calling the tool again with the same key and the same arguments returns the first "
        "result and charges nothing.",
        None,
    )


class ModelSettings(Arguments):
    """Settings that depend on the model."""

    negative_prompt: str | None = described("Things the image should not show.", None)
    width: int | None = described("Image width in pixels. The default depends on the model.", None)
    height: int | None = described(
        "Image height in pixels. The default depends on the model.", None
    )
    aspect_ratio: str | None = described(
        "Width to height, such as `16:9`, for models that accept it instead of a size.", None
    )
    steps: int | None = described(
        "Number of denoising steps. More steps are slower and often sharper.", None
    )
    guidance: float | None = described(
        "Guidance scale: higher values follow the prompt more closely.", None
    )
    seed: int | None = described(
        "Seed of the random generator, from 0 to 9007199254740991. The same seed and settings "
        "give the same image.",
        None,
    )
    strength: float | None = described(
        "How much the image may differ from its source image, from 0 (not at all) to 1.", None
    )
    quality: str | None = described("Quality, in the words that the model accepts.", None)
    background: str | None = described("Background, in the words that the model accepts.", None)
    output_format: str | None = described("File format, in the words that the model accepts.", None)
    parameters: dict[str, Any] | None = described(
        "Further settings that only this model has, by their names. `list_models` with a `model` "
        "describes them.",
        None,
    )


class ImageSettings(ModelSettings):
    """How an image is generated, and what is stored with it."""

    model: str | None = described(
        "ID of the model, from `list_models`. Required unless `template_id` is given.", None
    )
    models: list[str] | None = described(
        "IDs of models to try in this order when `model` is out of capacity, unavailable, refuses "
        f"the request or costs more than `max_cost`. At most {MAX_MODELS} models in all.",
        None,
    )
    template_id: str | None = described(
        "ID of a template (`tpl_…`) whose model, prompt and settings apply where the arguments do "
        "not override them. The server's prompts list the templates.",
        None,
    )
    tags: list[str] | None = described(
        "Tags to find the image by. At most 20, each of 1 to 64 characters.", None
    )
    metadata: dict[str, Any] | None = described(
        "Any JSON object to store with the image, of at most 16 KiB.", None
    )


def parameters_from(given: ModelSettings) -> Parameters:
    """Read the settings of the model."""
    shared = {name: getattr(given, name) for name in _PARAMETERS}
    return Parameters(**shared, own=given.parameters or {})


def request_from(
    given: ImageSettings, prompt: str, *, max_cost: float | None, **sources: Any
) -> ImageRequest:
    """Return the request of an image.

    Args:
        given: The settings.
        prompt: The prompt.
        max_cost: The maximum cost of the image, in US dollars.
        sources: The source images and the mask.
    """
    return ImageRequest(
        prompt=prompt,
        model_id=given.model,
        fallback_model_ids=tuple(given.models or ()),
        template_id=given.template_id,
        parameters=parameters_from(given),
        tags=tuple(given.tags or ()),
        metadata=given.metadata,
        max_cost=max_cost,
        **sources,
    )


def changes_from(given: ModelSettings) -> Mapping[str, Any]:
    """Return the settings that were given."""
    names = (*_PARAMETERS, "parameters")
    return {name: value for name in names if (value := getattr(given, name)) is not None}
