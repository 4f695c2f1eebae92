"""The settings of an image."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any, Final

from gql_server.domain.parameters import Parameters
from gql_server.generation.requests.request import ImageRequest
from gql_server.generation.requests.tags_and_metadata import describe_metadata, describe_tags
from gql_server.idempotency.keys import KEY_LIFETIME
from gql_server.idempotency.operations import MAX_KEY_LENGTH
from gql_server.inference.setting_descriptions import (
    change_descriptions,
    models_description,
    request_descriptions,
)
from gql_server.mcp.schemas.fields import Arguments, described

_PARAMETERS: Final = tuple(field.name for field in fields(Parameters) if field.name != "own")


class Spending(Arguments):
    """Arguments of tools that spend money."""

    max_cost: float | None = described(
        "Maximum cost in US dollars, 0 or more, such as 0.05. A request that would cost more is "
        "refused, and nothing is charged. No maximum when omitted.",
        None,
        ge=0,
    )
    idempotency_key: str | None = described(
        f"Any text of 1 to {MAX_KEY_LENGTH} printable ASCII characters that is unique for this "
        "request, such as `order-42-cover`. Calling the tool again with the same key and the same "
        "arguments returns the first result and charges nothing, until "
        f"{KEY_LIFETIME // timedelta(hours=1)} hours after it finished.",
        None,
    )


_WHERE_RANGES_ARE: Final = "`list_models` with `model` has them."
_REQUESTED: Final = request_descriptions(_WHERE_RANGES_ARE)
_CHANGED: Final = change_descriptions(_WHERE_RANGES_ARE, has_null=False)


class ImageSettings(Arguments):
    """How an image is generated, and what is stored with it."""

    model: str | None = described(
        "ID of the model, from `list_models`, such as `@cf/black-forest-labs/flux-1-schnell`. "
        "Required unless `template_id` is given.",
        None,
    )
    models: list[str] | None = described(
        f"{models_description('max_cost')} None when omitted.",
        None,
    )
    template_id: str | None = described(
        "ID of a template (`tpl_…`) whose model, prompt and settings apply where the arguments do "
        "not set them. The server's prompts list the templates.",
        None,
    )
    negative_prompt: str | None = described(_REQUESTED["negative_prompt"], None)
    width: int | None = described(_REQUESTED["width"], None)
    height: int | None = described(_REQUESTED["height"], None)
    aspect_ratio: str | None = described(_REQUESTED["aspect_ratio"], None)
    steps: int | None = described(_REQUESTED["steps"], None)
    guidance: float | None = described(_REQUESTED["guidance"], None)
    seed: int | None = described(_REQUESTED["seed"], None)
    strength: float | None = described(_REQUESTED["strength"], None)
    quality: str | None = described(_REQUESTED["quality"], None)
    background: str | None = described(_REQUESTED["background"], None)
    output_format: str | None = described(_REQUESTED["output_format"], None)
    parameters: dict[str, Any] | None = described(_REQUESTED["parameters"], None)
    tags: list[str] | None = described(
        describe_tags("Tags to find the image by, such as `shop`"),
        None,
    )
    metadata: dict[str, Any] | None = described(
        describe_metadata("Any metadata to store with the image"),
        None,
    )


class ChangedSettings(Arguments):
    """Settings to change when an image is generated again."""

    negative_prompt: str | None = described(_CHANGED["negative_prompt"], None)
    width: int | None = described(_CHANGED["width"], None)
    height: int | None = described(_CHANGED["height"], None)
    aspect_ratio: str | None = described(_CHANGED["aspect_ratio"], None)
    steps: int | None = described(_CHANGED["steps"], None)
    guidance: float | None = described(_CHANGED["guidance"], None)
    seed: int | None = described(_CHANGED["seed"], None)
    strength: float | None = described(_CHANGED["strength"], None)
    quality: str | None = described(_CHANGED["quality"], None)
    background: str | None = described(_CHANGED["background"], None)
    output_format: str | None = described(_CHANGED["output_format"], None)
    parameters: dict[str, Any] | None = described(_CHANGED["parameters"], None)


def parameters_from(given: ImageSettings) -> Parameters:
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


def changes_from(given: ChangedSettings) -> Mapping[str, Any]:
    """Return the settings that were given."""
    names = (*_PARAMETERS, "parameters")
    return {name: value for name in names if (value := getattr(given, name)) is not None}
