"""What there is to know of a model: its speed, quality, abilities, settings and prices."""

from enum import Enum

import strawberry

from gql_server.api.described import described
from gql_server.inference import model as domain


@described
@strawberry.enum
class ModelSpeed(Enum):
    """Typical speed of a model."""

    FAST = strawberry.enum_value(domain.ModelSpeed.FAST, description="A few seconds.")
    MEDIUM = strawberry.enum_value(
        domain.ModelSpeed.MEDIUM, description="About five to ten seconds."
    )
    SLOW = strawberry.enum_value(domain.ModelSpeed.SLOW, description="Ten seconds or more.")


@described
@strawberry.enum
class ModelQuality(Enum):
    """Typical image quality of a model."""

    STANDARD = strawberry.enum_value(
        domain.ModelQuality.STANDARD, description="Good for drafts and small sizes."
    )
    HIGH = strawberry.enum_value(
        domain.ModelQuality.HIGH, description="Good for most uses on a screen."
    )
    VERY_HIGH = strawberry.enum_value(
        domain.ModelQuality.VERY_HIGH, description="Fine detail, close to the prompt."
    )


@described
@strawberry.enum
class ModelCapability(Enum):
    """A capability of a model beyond text prompts."""

    SIZE = strawberry.enum_value(
        domain.ModelCapability.SIZE, description="Accepts `width` and `height`."
    )
    SEED = strawberry.enum_value(
        domain.ModelCapability.SEED, description="Accepts a `seed`, which makes results repeatable."
    )
    NEGATIVE_PROMPT = strawberry.enum_value(
        domain.ModelCapability.NEGATIVE_PROMPT, description="Accepts a `negativePrompt`."
    )
    IMAGE_TO_IMAGE = strawberry.enum_value(
        domain.ModelCapability.IMAGE_TO_IMAGE, description="Transforms a source image."
    )
    INPAINTING = strawberry.enum_value(
        domain.ModelCapability.INPAINTING,
        description="Repaints the part of a source image that a mask selects.",
    )
    REFERENCE_IMAGES = strawberry.enum_value(
        domain.ModelCapability.REFERENCE_IMAGES,
        description="Uses source images as references for a new image.",
    )


@described
@strawberry.enum
class PriceUnit(Enum):
    """A unit that the provider bills."""

    OUTPUT_TILE = strawberry.enum_value(
        domain.PriceUnit.OUTPUT_TILE, description="Each started 512 × 512 pixel tile of the image."
    )
    OUTPUT_TILE_STEP = strawberry.enum_value(
        domain.PriceUnit.OUTPUT_TILE_STEP,
        description="Each started 512 × 512 pixel tile of the image, for each step.",
    )
    INPUT_TILE_STEP = strawberry.enum_value(
        domain.PriceUnit.INPUT_TILE_STEP,
        description="Each started 512 × 512 pixel tile of a source image, for each step.",
    )
    INPUT_TILE = strawberry.enum_value(
        domain.PriceUnit.INPUT_TILE,
        description="Each started 512 × 512 pixel tile of a source image.",
    )
    STEP = strawberry.enum_value(domain.PriceUnit.STEP, description="Each step.")
    FIRST_MEGAPIXEL = strawberry.enum_value(
        domain.PriceUnit.FIRST_MEGAPIXEL,
        description="The first 1024 × 1024 pixels of the image.",
    )
    FURTHER_MEGAPIXEL = strawberry.enum_value(
        domain.PriceUnit.FURTHER_MEGAPIXEL,
        description="Each further started megapixel of the image.",
    )
    INPUT_MEGAPIXEL = strawberry.enum_value(
        domain.PriceUnit.INPUT_MEGAPIXEL,
        description="Each started megapixel of a source image.",
    )


@described
@strawberry.enum
class ModelParameterType(Enum):
    """Type of a setting's value."""

    STRING = strawberry.enum_value("string", description="Text.")
    INTEGER = strawberry.enum_value("integer", description="A whole number.")
    FLOAT = strawberry.enum_value("float", description="A decimal number.")


@described
@strawberry.type
class SecondsRange:
    """Typical generation time, in seconds."""

    minimum: float = strawberry.field(description="Fastest typical time, in seconds.")
    maximum: float = strawberry.field(description="Slowest typical time, in seconds.")


@described
@strawberry.type
class Size:
    """An image size, in pixels."""

    width: int = strawberry.field(description="Width in pixels.")
    height: int = strawberry.field(description="Height in pixels.")


@described
@strawberry.type
class UnitPrice:
    """The provider's price for one unit."""

    unit: PriceUnit = strawberry.field(description="Unit that is billed.")
    price: float = strawberry.field(description="Price of one unit, in US dollars.")
    neurons: float = strawberry.field(description="Neurons counted for one unit.")


@described
@strawberry.type
class ModelParameter:
    """A setting that a model supports."""

    name: str = strawberry.field(description="Name of the field in `GenerateImageInput`.")
    type: ModelParameterType = strawberry.field(description="Type of the value.")
    default: float | None = strawberry.field(
        description="Default value. Null when the model decides."
    )
    minimum: float | None = strawberry.field(description="Minimum value. Null when there is none.")
    maximum: float | None = strawberry.field(
        description="Maximum value, or the maximum number of characters of a text. Null "
        "when there is none."
    )
    multiple_of: int | None = strawberry.field(
        description="Number that the value must be a multiple of. Null when any value in range "
        "is valid."
    )
    description: str = strawberry.field(description="Effect of the setting.")


@described
@strawberry.type
class ImageInputs:
    """Source images that a model accepts beside the prompt."""

    minimum: int = strawberry.field(description="Minimum number of source images.")
    maximum: int = strawberry.field(description="Maximum number of source images.")
    takes_mask: bool = strawberry.field(description="Whether the model accepts a mask.")
    needs_mask: bool = strawberry.field(description="Whether the model requires a mask.")
