"""The models that make pictures."""

from gql_server.domain.clock import now
from gql_server.domain.money import to_dollars
from gql_server.inference.model import ModelCapability, ModelQuality, ModelSpeed
from gql_server.rest.context import ContextOfRequest
from gql_server.rest.fields import FLUX, Answer, described


class TypicalSeconds(Answer):
    """A span of seconds."""

    minimum: float = described("The least.", 2.0)
    maximum: float = described("The most.", 3.0)


class Model(Answer):
    """A model that makes pictures."""

    id: str = described("What to name it by.", FLUX)
    name: str = described("For people.", "Flux 1 Schnell")
    provider: str = described("Who trained it.", "Black Forest Labs")
    description: str = described("What it is good at.", "Draws in a few steps: quick and cheap.")
    speed: ModelSpeed = described("How long it usually takes.", "fast")
    quality: ModelQuality = described("How good its pictures usually are.", "high")
    typical_seconds: TypicalSeconds = described(
        "How many seconds a picture typically takes.", {"minimum": 2, "maximum": 3}
    )
    cost_per_image: float = described(
        "What its user is charged for a picture at the defaults, in US dollars.", 0.01
    )
    width: int = described("The width of a picture when none is asked for.", 1024)
    height: int = described("The height of a picture when none is asked for.", 1024)
    capabilities: list[ModelCapability] = described(
        "What it can be asked for beyond a prompt.", ["seed"]
    )
    is_recommended: bool = described("A good choice to begin with.", True)
    is_beta: bool = described("Its provider may still change it.", False)


async def list_models(context: ContextOfRequest) -> list[Model]:
    """Return every model, at the prices of this moment."""
    parts, moment = context.parts, now()
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
            cost_per_image=to_dollars(parts.prices.price_at_defaults(model, at=moment).cost),
            width=model.default_size.width,
            height=model.default_size.height,
            capabilities=list(model.capabilities),
            is_recommended=model.is_recommended,
            is_beta=model.is_beta,
        )
        for model in parts.catalogue.models
    ]
