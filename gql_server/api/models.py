"""The models, shaped once when the server starts."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

import strawberry

from gql_server.api.errors import camel_case
from gql_server.api.nodes import Node
from gql_server.domain.clock import now
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.inference import model as domain
from gql_server.inference.catalogue import Catalogue
from gql_server.ledger.prices import PictureSize, PriceBook


@strawberry.enum(description="How long a model usually takes.")
class ModelSpeed(Enum):
    """How long a model usually takes."""

    FAST = strawberry.enum_value(domain.ModelSpeed.FAST, description="A few seconds.")
    MEDIUM = strawberry.enum_value(
        domain.ModelSpeed.MEDIUM, description="Some five to ten seconds."
    )
    SLOW = strawberry.enum_value(domain.ModelSpeed.SLOW, description="Ten seconds and more.")


@strawberry.enum(description="How good a model's pictures usually are.")
class ModelQuality(Enum):
    """How good a model's pictures usually are."""

    STANDARD = strawberry.enum_value(
        domain.ModelQuality.STANDARD, description="Good for drafts and small sizes."
    )
    HIGH = strawberry.enum_value(
        domain.ModelQuality.HIGH, description="Good for most uses on a screen."
    )
    VERY_HIGH = strawberry.enum_value(
        domain.ModelQuality.VERY_HIGH, description="Fine detail, close to the prompt."
    )


@strawberry.enum(description="What a model can be asked for beyond a prompt.")
class ModelCapability(Enum):
    """What a model can be asked for beyond a prompt."""

    SIZE = strawberry.enum_value(domain.ModelCapability.SIZE, description="Takes width and height.")
    SEED = strawberry.enum_value(
        domain.ModelCapability.SEED, description="Takes a seed, which makes it repeatable."
    )
    NEGATIVE_PROMPT = strawberry.enum_value(
        domain.ModelCapability.NEGATIVE_PROMPT, description="Takes what not to show."
    )
    IMAGE_TO_IMAGE = strawberry.enum_value(
        domain.ModelCapability.IMAGE_TO_IMAGE, description="Paints over a source image."
    )
    INPAINTING = strawberry.enum_value(
        domain.ModelCapability.INPAINTING,
        description="Repaints the part of a source image that a mask marks.",
    )
    REFERENCE_IMAGES = strawberry.enum_value(
        domain.ModelCapability.REFERENCE_IMAGES,
        description="Looks at source images while it makes a new one.",
    )


@strawberry.enum(description="What a provider counts when it bills.")
class PriceUnit(Enum):
    """What a provider counts when it bills."""

    OUTPUT_TILE = strawberry.enum_value(
        domain.PriceUnit.OUTPUT_TILE, description="A started 512 × 512 tile of the picture."
    )
    OUTPUT_TILE_STEP = strawberry.enum_value(
        domain.PriceUnit.OUTPUT_TILE_STEP, description="Such a tile, for each step."
    )
    INPUT_TILE_STEP = strawberry.enum_value(
        domain.PriceUnit.INPUT_TILE_STEP,
        description="A started tile of a source image, for each step.",
    )
    INPUT_TILE = strawberry.enum_value(
        domain.PriceUnit.INPUT_TILE, description="A started tile of a source image."
    )
    STEP = strawberry.enum_value(domain.PriceUnit.STEP, description="A step.")
    FIRST_MEGAPIXEL = strawberry.enum_value(
        domain.PriceUnit.FIRST_MEGAPIXEL,
        description="The picture's first 1024 × 1024 pixels.",
    )
    FURTHER_MEGAPIXEL = strawberry.enum_value(
        domain.PriceUnit.FURTHER_MEGAPIXEL,
        description="Each further started megapixel of the picture.",
    )
    INPUT_MEGAPIXEL = strawberry.enum_value(
        domain.PriceUnit.INPUT_MEGAPIXEL,
        description="A started megapixel of a source image.",
    )


@strawberry.enum(description="The type of a setting's values.")
class ModelParameterType(Enum):
    """The type of a setting's values."""

    STRING = strawberry.enum_value("string", description="Text.")
    INTEGER = strawberry.enum_value("integer", description="A whole number.")
    FLOAT = strawberry.enum_value("float", description="A number.")


@strawberry.type(description="How many seconds a picture typically takes.")
class SecondsRange:
    """How many seconds a picture typically takes."""

    minimum: float = strawberry.field(description="On a quick day.")
    maximum: float = strawberry.field(description="On a slow day.")


@strawberry.type(description="A size in pixels.")
class Size:
    """A size in pixels."""

    width: int = strawberry.field(description="Pixels from left to right.")
    height: int = strawberry.field(description="Pixels from top to bottom.")


@strawberry.type(description="What the provider bills for one unit.")
class UnitPrice:
    """What the provider bills for one unit."""

    unit: PriceUnit = strawberry.field(description="What is counted.")
    price: float = strawberry.field(description="US dollars for one.")
    neurons: float = strawberry.field(description="Cloudflare's neurons for one.")


@strawberry.type(description="A setting that a model takes.")
class ModelParameter:
    """A setting that a model takes."""

    name: str = strawberry.field(description="The field of GenerateImageInput.")
    type: ModelParameterType = strawberry.field(description="The type of its values.")
    default: float | None = strawberry.field(
        description="What is used when it is left out; none: the model decides."
    )
    minimum: float | None = strawberry.field(description="The least that the model takes.")
    maximum: float | None = strawberry.field(
        description="The most that the model takes; of a text, the number of characters."
    )
    multiple_of: int | None = strawberry.field(description="What the value must be a multiple of.")
    description: str = strawberry.field(description="What it does.")


@strawberry.type(description="Which pictures a model takes beside the prompt.")
class ImageInputs:
    """Which pictures a model takes beside the prompt."""

    minimum: int = strawberry.field(description="How many source images it needs.")
    maximum: int = strawberry.field(description="How many source images it takes at most.")
    takes_mask: bool = strawberry.field(description="Whether it takes a mask.")
    needs_mask: bool = strawberry.field(description="Whether it does nothing without a mask.")


@strawberry.type(description="A model that makes pictures.")
class Model(Node):
    """A model that makes pictures."""

    name: str = strawberry.field(description="For people.")
    provider: str = strawberry.field(description="Who trained it.")
    description: str = strawberry.field(description="What it is good at.")
    speed: ModelSpeed = strawberry.field(description="How long it usually takes.")
    quality: ModelQuality = strawberry.field(description="How good its pictures usually are.")
    typical_seconds: SecondsRange = strawberry.field(
        description="How many seconds a picture typically takes."
    )
    cost_per_image: float = strawberry.field(
        description="What its user is charged for a picture at the defaults, in US dollars."
    )
    unit_prices: list[UnitPrice] = strawberry.field(
        description="What the provider bills; empty while a beta is free."
    )
    capabilities: list[ModelCapability] = strawberry.field(
        description="What it can be asked for beyond a prompt."
    )
    parameters: list[ModelParameter] = strawberry.field(
        description="The settings that it takes; others are refused."
    )
    image_inputs: ImageInputs | None = strawberry.field(
        description="Which pictures it takes beside the prompt; none: a prompt only."
    )
    default_size: Size = strawberry.field(
        description="The size of a picture when none is asked for; of some models the only one."
    )
    max_prompt_length: int = strawberry.field(
        description="How many characters a prompt may have, a template's words included."
    )
    is_recommended: bool = strawberry.field(description="A good choice to begin with.")
    is_beta: bool = strawberry.field(description="The provider may still change it.")
    is_available: bool = strawberry.field(
        description="Whether new pictures can be asked of it; old ones may be of a retired model."
    )


@strawberry.input(description="Which models are wanted; what is left out does not narrow.")
class ModelFilter:
    """Which models are wanted."""

    capabilities: list[ModelCapability] | None = strawberry.field(
        default=None, description="Models that have all of these."
    )
    speed: ModelSpeed | None = strawberry.field(default=None, description="Models of this speed.")
    is_recommended: bool | None = strawberry.field(
        default=None, description="Recommended ones, or the others."
    )
    is_beta: bool | None = strawberry.field(default=None, description="Betas, or the others.")


class Models(dict[str, Model]):
    """Every model by id; one that has left the catalogue is shaped from its name alone."""

    def __missing__(self, model_id: str) -> Model:
        return _retired(model_id)


def shape_models(models: Catalogue, prices: PriceBook, *, at: datetime) -> Models:
    """Shape the catalogue for clients, with the prices of a moment."""
    return Models({model.id: _shape(model, prices, at) for model in models.models})


class ShapedCatalogue:
    """The catalogue as clients see it, shaped anew whenever prices change."""

    def __init__(self, catalogue: Catalogue, prices: PriceBook) -> None:
        self._catalogue = catalogue
        self._prices = prices
        self._shape(now())

    def models(self) -> Models:
        """Return every model, with the prices of this moment."""
        if self._until is not None and (moment := now()) >= self._until:
            self._shape(moment)
        return self._models

    def _shape(self, moment: datetime) -> None:
        self._models = shape_models(self._catalogue, self._prices, at=moment)
        self._until = self._prices.next_change(after=moment)


def list_models(models: Mapping[str, Model], where: ModelFilter | None) -> list[Model]:
    """Return the models that a filter lets through, in the catalogue's order."""
    wanted = where or ModelFilter()
    return [
        model
        for model in models.values()
        if set(wanted.capabilities or ()) <= set(model.capabilities)
        and wanted.speed in {None, model.speed}
        and wanted.is_recommended in {None, model.is_recommended}
        and wanted.is_beta in {None, model.is_beta}
    ]


_PARAMETER_DESCRIPTIONS: Mapping[str, str] = {
    "negative_prompt": "What the picture should not show.",
    "width": "The width of the picture in pixels.",
    "height": "The height of the picture in pixels.",
    "steps": "How often the picture is refined: more is finer, slower and may cost more.",
    "guidance": "How closely the picture follows the prompt.",
    "seed": "The same seed and settings make the same picture.",
    "strength": "How far the result may leave its source image, from 0 to 1.",
}


def _shape(model: domain.Model, prices: PriceBook, at: datetime) -> Model:
    size = _default_size(model)
    steps = model.parameters.get("steps")
    price = prices.price(
        model,
        PictureSize(
            width=size.width, height=size.height, steps=int(steps.default or 0) if steps else 0
        ),
        at=at,
    )
    inputs = model.image_inputs
    return Model(
        id=strawberry.ID(model.id),
        name=model.name,
        provider=model.provider,
        description=model.description,
        speed=ModelSpeed(model.speed),
        quality=ModelQuality(model.quality),
        typical_seconds=SecondsRange(
            minimum=model.typical_seconds.minimum, maximum=model.typical_seconds.maximum
        ),
        cost_per_image=to_dollars(price.cost),
        unit_prices=[
            UnitPrice(
                unit=PriceUnit(unit.unit),
                price=to_dollars(unit.nano_dollars),
                neurons=to_neurons(unit.milli_neurons),
            )
            for unit in model.prices
        ],
        capabilities=[ModelCapability(capability) for capability in model.capabilities],
        parameters=[
            ModelParameter(
                name=camel_case(name),
                type=ModelParameterType(rule.type),
                default=rule.default,
                minimum=rule.minimum,
                maximum=rule.maximum,
                multiple_of=rule.multiple_of,
                description=_PARAMETER_DESCRIPTIONS[name],
            )
            for name, rule in model.parameters.items()
        ],
        image_inputs=ImageInputs(
            minimum=inputs.minimum,
            maximum=inputs.maximum,
            takes_mask=inputs.mask != "none",
            needs_mask=inputs.mask == "required",
        )
        if inputs is not None
        else None,
        default_size=size,
        max_prompt_length=model.max_prompt_length,
        is_recommended=model.is_recommended,
        is_beta=model.is_beta,
        is_available=True,
    )


def _default_size(model: domain.Model) -> Size:
    if model.fixed_size is not None:
        return Size(width=model.fixed_size.width, height=model.fixed_size.height)
    width, height = model.parameters["width"].default, model.parameters["height"].default
    return Size(width=int(width or 0), height=int(height or 0))


def _retired(model_id: str) -> Model:
    return Model(
        id=strawberry.ID(model_id),
        name=model_id.rsplit("/", 1)[-1],
        provider=model_id.split("/")[1] if "/" in model_id else "",
        description="This model is no longer in the catalogue.",
        speed=ModelSpeed.MEDIUM,
        quality=ModelQuality.STANDARD,
        typical_seconds=SecondsRange(minimum=0, maximum=0),
        cost_per_image=0,
        unit_prices=[],
        capabilities=[],
        parameters=[],
        image_inputs=None,
        default_size=Size(width=0, height=0),
        max_prompt_length=0,
        is_recommended=False,
        is_beta=False,
        is_available=False,
    )
