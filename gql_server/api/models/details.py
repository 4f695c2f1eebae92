"""What there is to know of a model: its speed, quality, abilities, settings and prices."""

from enum import Enum

import strawberry

from gql_server.inference import model as domain


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
