"""Details of a model: its speed, quality, abilities, settings and prices."""

from enum import Enum

import strawberry

from gql_server.api.described import described
from gql_server.graphql.execution.weights import list_size
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
    ASPECT_RATIO = strawberry.enum_value(
        domain.ModelCapability.ASPECT_RATIO, description="Accepts an `aspectRatio`."
    )
    VECTOR = strawberry.enum_value(
        domain.ModelCapability.VECTOR, description="Generates vector images (SVG)."
    )


@described
@strawberry.enum
class ModelStatus(Enum):
    """Whether a model can be relied on."""

    CURRENT = strawberry.enum_value(domain.ModelStatus.CURRENT, description="In regular use.")
    DOUBTFUL = strawberry.enum_value(
        domain.ModelStatus.DOUBTFUL,
        description="The provider refuses it to some accounts, or no longer lists it.",
    )
    DEPRECATED = strawberry.enum_value(
        domain.ModelStatus.DEPRECATED, description="The provider will withdraw it."
    )


@described
@strawberry.enum
class PromptUse(Enum):
    """Whether a model uses a prompt."""

    REQUIRED = strawberry.enum_value(domain.PromptUse.REQUIRED, description="A prompt is required.")
    OPTIONAL = strawberry.enum_value(
        domain.PromptUse.OPTIONAL, description="The model works with or without a prompt."
    )
    NONE = strawberry.enum_value(
        domain.PromptUse.NONE, description="The model uses source images alone."
    )


@described
@strawberry.enum
class ModelParameterLocation(Enum):
    """Where a request sets a setting."""

    FIELD = strawberry.enum_value(
        "field", description="A field of the input, with the setting's name."
    )
    PARAMETERS = strawberry.enum_value(
        "parameters",
        description="A key of the input's field `parameters`, with the setting's name.",
    )


@described
@strawberry.enum
class PriceUnit(Enum):
    """A unit that the provider bills."""

    IMAGE = strawberry.enum_value(domain.PriceUnit.IMAGE, description="Each image.")
    INPUT_IMAGE = strawberry.enum_value(
        domain.PriceUnit.INPUT_IMAGE, description="Each source image."
    )
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
    INPUT_TEXT_TOKEN = strawberry.enum_value(
        domain.PriceUnit.INPUT_TEXT_TOKEN, description="Each token of the prompt."
    )
    INPUT_IMAGE_TOKEN = strawberry.enum_value(
        domain.PriceUnit.INPUT_IMAGE_TOKEN, description="Each token of a source image."
    )
    CACHED_TEXT_TOKEN = strawberry.enum_value(
        domain.PriceUnit.CACHED_TEXT_TOKEN,
        description="Each token of the prompt that the provider had in its cache.",
    )
    CACHED_IMAGE_TOKEN = strawberry.enum_value(
        domain.PriceUnit.CACHED_IMAGE_TOKEN,
        description="Each token of a source image that the provider had in its cache.",
    )
    OUTPUT_TEXT_TOKEN = strawberry.enum_value(
        domain.PriceUnit.OUTPUT_TEXT_TOKEN,
        description="Each token of text that the model generates with the image.",
    )
    OUTPUT_IMAGE_TOKEN = strawberry.enum_value(
        domain.PriceUnit.OUTPUT_IMAGE_TOKEN, description="Each token of the generated image."
    )


@described
@strawberry.enum
class ModelParameterType(Enum):
    """Type of a setting's value."""

    STRING = strawberry.enum_value("string", description="Text.")
    INTEGER = strawberry.enum_value("integer", description="A whole number.")
    FLOAT = strawberry.enum_value("float", description="A decimal number.")
    BOOLEAN = strawberry.enum_value("boolean", description="True or false.")
    ASPECT_RATIO = strawberry.enum_value(
        "aspect_ratio", description="Text: an aspect ratio such as `16:9`."
    )
    LIST = strawberry.enum_value("list", description="A list; `jsonSchema` describes its items.")
    OBJECT = strawberry.enum_value(
        "object", description="A JSON object; `jsonSchema` describes its fields."
    )


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
    neurons: float = strawberry.field(
        description="Neurons counted for one unit. 0 for models that are not billed in neurons."
    )
    condition: str | None = strawberry.field(
        description="Settings that the price applies to, such as `resolution = 2K`. Of several "
        "prices for a unit, the first that applies counts. Null when it applies to all."
    )


@described
@strawberry.type
class ModelParameter:
    """A setting that a model supports."""

    name: str = strawberry.field(
        description="Name of the field in `GenerateImageInput`, or of the key in its `parameters`."
    )
    location: ModelParameterLocation = strawberry.field(
        description="Where a request sets the setting."
    )
    type: ModelParameterType = strawberry.field(description="Type of the value.")
    default: float | None = strawberry.field(
        description="Default number. Null when the model decides, or the value is not a number: "
        "`jsonSchema` has defaults of every type."
    )
    choices: list[str] | None = strawberry.field(
        description="The only valid values. Null when any value in range is valid.",
        metadata=list_size(20),
    )
    is_required: bool = strawberry.field(description="Whether a request must set the setting.")
    json_schema: strawberry.scalars.JSON = strawberry.field(
        description="JSON Schema of the value: type, default, range and valid values. For building "
        "forms."
    )
    minimum: float | None = strawberry.field(
        description="Minimum value, or the minimum number of "
        "items in a list. Null when there is none."
    )
    maximum: float | None = strawberry.field(
        description="Maximum value, the maximum number of characters in a text, or of items in a "
        "list. Null when there is none."
    )
    multiple_of: int | None = strawberry.field(
        description="Number that the value must be a multiple of, such as 8. Null when any value "
        "in range is valid."
    )
    description: str = strawberry.field(description="Effect of the setting.")


@described
@strawberry.type
class ModelReplacement:
    """Advice about a model that cannot be relied on."""

    note: str = strawberry.field(description="Why the model cannot be relied on.")
    model: strawberry.ID | None = strawberry.field(
        description="ID of the model to use instead. Null when there is none."
    )


@described
@strawberry.type
class ImageInputs:
    """Source images that a model accepts with the prompt."""

    minimum: int = strawberry.field(description="Minimum number of source images.")
    maximum: int = strawberry.field(description="Maximum number of source images.")
    takes_mask: bool = strawberry.field(description="Whether the model accepts a mask.")
    needs_mask: bool = strawberry.field(description="Whether the model requires a mask.")
    max_with_mask: int = strawberry.field(
        description="Maximum number of source images together with a mask. 0 when the model "
        "accepts none."
    )
