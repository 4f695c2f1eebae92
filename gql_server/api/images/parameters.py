"""The settings of a picture, as they come in and as they go out."""

from dataclasses import fields
from typing import Any, cast

import strawberry

from gql_server.api.scalars import Seed
from gql_server.domain.parameters import Parameters
from gql_server.generation.requests import PictureRequest

IDEMPOTENCY_KEY = (
    "Text of your own, 1 to 255 characters of printable ASCII, new for each new request. The same "
    "request with the same key is done and charged once, however often it is sent, until 24 hours "
    "after it was done."
)

_NEGATIVE_PROMPT = "What the picture should not show."
_WIDTH = "The width of the picture in pixels."
_HEIGHT = "The height of the picture in pixels."
_STEPS = "How often the picture is refined."
_GUIDANCE = "How closely the picture follows the prompt."
_SEED = "The same seed and settings make the same picture."
_STRENGTH = "How far the result may leave its source image, from 0 to 1."


@strawberry.type(description="The settings that a picture was made with; none: the model has none.")
class GenerationParameters:
    """The settings that a picture was made with."""

    negative_prompt: str | None = strawberry.field(description=_NEGATIVE_PROMPT)
    width: int | None = strawberry.field(description=_WIDTH)
    height: int | None = strawberry.field(description=_HEIGHT)
    steps: int | None = strawberry.field(description=_STEPS)
    guidance: float | None = strawberry.field(description=_GUIDANCE)
    seed: Seed | None = strawberry.field(description=_SEED)
    strength: float | None = strawberry.field(description=_STRENGTH)


@strawberry.type(description="The settings of a template; none: the model's default.")
class TemplateParameters:
    """The settings of a template."""

    negative_prompt: str | None = strawberry.field(description=_NEGATIVE_PROMPT)
    width: int | None = strawberry.field(description=_WIDTH)
    height: int | None = strawberry.field(description=_HEIGHT)
    steps: int | None = strawberry.field(description=_STEPS)
    guidance: float | None = strawberry.field(description=_GUIDANCE)
    seed: Seed | None = strawberry.field(description=_SEED)
    strength: float | None = strawberry.field(description=_STRENGTH)


@strawberry.input(
    description="The settings of a template; what is left out is the model's default."
)
class TemplateParametersInput:
    """The settings of a template."""

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
        description="What the picture shows, in 3 characters or more; a template's words are "
        "joined to it."
    )


@strawberry.input
class PictureSettingsInput:
    """How a picture is made, and what is kept with it."""

    model: strawberry.ID | None = strawberry.field(
        default=None, description="The model that makes it; may be left out with a template."
    )
    template_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A template whose model, words and settings hold where nothing else is said.",
    )
    negative_prompt: str | None = strawberry.field(default=None, description=_NEGATIVE_PROMPT)
    width: int | None = strawberry.field(default=None, description=_WIDTH)
    height: int | None = strawberry.field(default=None, description=_HEIGHT)
    steps: int | None = strawberry.field(default=None, description=_STEPS)
    guidance: float | None = strawberry.field(default=None, description=_GUIDANCE)
    seed: Seed | None = strawberry.field(
        default=None, description=f"{_SEED} One is chosen when it is left out."
    )
    strength: float | None = strawberry.field(default=None, description=_STRENGTH)
    source_image_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Images made here (`img_…`) or uploads (`src_…`) to paint over or to look at.",
    )
    mask_image_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="An image or upload over the source image: its white is painted anew.",
    )
    tags: list[str] | None = strawberry.field(
        default=None, description="To find the image by: at most 20, each of 1 to 64 characters."
    )
    metadata: strawberry.scalars.JSON | None = strawberry.field(
        default=None,
        description="Whatever is to be kept with the image: a JSON object of at most 16 KiB.",
    )


@strawberry.input(description="A picture to make.")
class GenerateImageInput(PictureSettingsInput, PromptInput):
    """A picture to make."""

    max_cost: float | None = strawberry.field(
        default=None, description="Refuse the request where it would cost more, in US dollars."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


def parameters_from(source: PictureSettingsInput | TemplateParametersInput) -> Parameters:
    """Read the settings of an input."""
    return Parameters(**{field.name: getattr(source, field.name) for field in fields(Parameters)})


def picture_request(source: GenerateImageInput) -> PictureRequest:
    """Read the picture that an input asks for."""
    return PictureRequest(
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
