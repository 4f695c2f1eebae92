"""The models that generate images."""

from typing import Any

from gql_server.domain.clock import now
from gql_server.domain.money import to_dollars
from gql_server.inference import model as domain
from gql_server.inference.model import (
    ModelCapability,
    ModelQuality,
    ModelSpeed,
    ModelStatus,
    PromptUse,
)
from gql_server.inference.parameter_rules import SHARED_NAMES, json_schema
from gql_server.rest.context import ContextOfRequest
from gql_server.rest.schemas.fields import FLUX, Answer, described


class TypicalSeconds(Answer):
    """A range of seconds."""

    minimum: float = described("Fastest typical time, in seconds.", 2.0)
    maximum: float = described("Slowest typical time, in seconds.", 3.0)


class Model(Answer):
    """A model that generates images."""

    id: str = described(
        "ID of the model, for requests, such as `@cf/black-forest-labs/flux-1-schnell`.", FLUX
    )
    name: str = described("Display name.", "Flux 1 Schnell")
    provider: str = described("Organization that trained the model.", "Black Forest Labs")
    description: str = described(
        "Strengths of the model and typical uses.", "Draws in a few steps: quick and cheap."
    )
    speed: ModelSpeed = described("Typical speed.", "fast")
    quality: ModelQuality = described("Typical image quality.", "high")
    typical_seconds: TypicalSeconds = described(
        "Typical generation time, in seconds.", {"minimum": 2, "maximum": 3}
    )
    cost_per_image: float = described(
        "Price charged for an image with default settings, in US dollars. The maximum where "
        "`is_cost_maximum` is true.",
        0.01,
    )
    is_cost_maximum: bool = described(
        "Whether `cost_per_image` is the maximum, because the provider counts tokens, whose number "
        "is known only after generation.",
        False,
    )
    width: int = described("Default image width in pixels.", 1024)
    height: int = described("Default image height in pixels.", 1024)
    capabilities: list[ModelCapability] = described("Capabilities beyond text prompts.", ["seed"])
    is_recommended: bool = described("Whether the model is a good first choice.", True)
    is_beta: bool = described(
        "Whether the model is a beta that the provider may still change.", False
    )
    status: ModelStatus = described("Whether the model can be relied on.", "current")
    status_note: str | None = described(
        "Why the model cannot be relied on. Null when it can.", None
    )
    replaced_by: str | None = described(
        "ID of the model to use instead. Null when there is none.", None
    )
    prompt: PromptUse = described("Whether the model uses a prompt.", "required")
    settings: dict[str, dict[str, Any]] = described(
        "Fields of a request that the model supports, each with the JSON Schema of its value.",
        {"steps": {"type": "integer", "default": 4, "minimum": 1, "maximum": 8}},
    )
    parameters: dict[str, dict[str, Any]] = described(
        "Keys of a request's `parameters` that the model supports, each with the JSON Schema of "
        "its value.",
        {},
    )


async def list_models(context: ContextOfRequest) -> list[Model]:
    """Return every model, at the prices of this moment."""
    services, moment = context.services, now()
    return [
        Model(
            id=model.id,
            name=model.name,
            provider=model.provider,
            description=model.description,
            speed=model.speed,
            quality=model.quality,
            typical_seconds=TypicalSeconds(
                minimum=model.typical_seconds.minimum, maximum=model.typical_seconds.maximum
            ),
            cost_per_image=to_dollars(price.cost),
            is_cost_maximum=price.is_maximum,
            width=model.default_size.width,
            height=model.default_size.height,
            capabilities=list(model.capabilities),
            is_recommended=model.is_recommended,
            is_beta=model.is_beta,
            status=model.status,
            status_note=model.status_note,
            replaced_by=model.replaced_by,
            prompt=model.prompt,
            settings=_schemas(model, own=False),
            parameters=_schemas(model, own=True),
        )
        for model in services.catalogue.models
        for price in [services.prices.price_at_defaults(model, at=moment)]
    ]


def _schemas(model: domain.Model, *, own: bool) -> dict[str, dict[str, Any]]:
    return {
        name: json_schema(rule)
        for name, rule in model.parameters.items()
        if (name not in SHARED_NAMES) is own
    }
