"""The catalogue of models: what each takes, answers and costs, read from ``models.toml``.

The file is the one place to read and extend; everything in it is checked when it is loaded.
"""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from gql_server.domain.money import MilliNeurons, NanoDollars, milli_neurons, nano_dollars

ParameterName = Literal[
    "negative_prompt", "width", "height", "steps", "guidance", "seed", "strength"
]
"""The public names; each model says which of them it has and what it calls them."""


class CatalogueError(Exception):
    """The catalogue's file is wrong; the message names the place and the mend."""


class RequestForm(StrEnum):
    """How a model wants its request written."""

    JSON = "json"
    MULTIPART = "multipart"


class AnswerForm(StrEnum):
    """How a model is documented to answer; the client copes with either."""

    BASE64 = "base64"
    BINARY = "binary"


class ModelSpeed(StrEnum):
    """How long a picture usually takes."""

    FAST = "fast"
    MEDIUM = "medium"
    SLOW = "slow"


class ModelQuality(StrEnum):
    """How good the pictures usually are."""

    STANDARD = "standard"
    HIGH = "high"
    VERY_HIGH = "very_high"


class ModelCapability(StrEnum):
    """What a model can be asked for beyond a prompt."""

    SIZE = "size"
    SEED = "seed"
    NEGATIVE_PROMPT = "negative_prompt"
    IMAGE_TO_IMAGE = "image_to_image"
    INPAINTING = "inpainting"
    REFERENCE_IMAGES = "reference_images"


class PriceUnit(StrEnum):
    """What a provider counts.

    A tile is 512 × 512 pixels, a megapixel 1024 × 1024; a started one counts whole.
    """

    OUTPUT_TILE = "output_tile"
    OUTPUT_TILE_STEP = "output_tile_step"
    INPUT_TILE_STEP = "input_tile_step"
    INPUT_TILE = "input_tile"
    STEP = "step"
    FIRST_MEGAPIXEL = "first_megapixel"
    FURTHER_MEGAPIXEL = "further_megapixel"
    INPUT_MEGAPIXEL = "input_megapixel"


def _is_exact_dollars(amount: Decimal) -> Decimal:
    nano_dollars(amount)
    return amount


def _is_exact_neurons(amount: Decimal) -> Decimal:
    milli_neurons(amount)
    return amount


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UnitPrice(_Entry):
    """The provider's price for one unit, in dollars and in neurons, each as it lists them."""

    unit: PriceUnit
    dollars: Annotated[Decimal, AfterValidator(_is_exact_dollars)]
    neurons: Annotated[Decimal, AfterValidator(_is_exact_neurons)]

    @property
    def nano_dollars(self) -> NanoDollars:
        """The price in billionths of a dollar."""
        return nano_dollars(self.dollars)

    @property
    def milli_neurons(self) -> MilliNeurons:
        """The price in thousandths of a neuron."""
        return milli_neurons(self.neurons)


class ParameterRule(_Entry):
    """What a model takes for one parameter.

    Attributes:
        wire_name: The model's own name for it.
        type: The type of its values.
        default: What is used, and sent, when the caller says nothing; None: nothing is sent.
        minimum: The least that the model takes; None where there is no bound.
        maximum: The most that the model takes; for text, its length.
        multiple_of: A whole number that the value must be a multiple of.
    """

    wire_name: str
    type: Literal["string", "integer", "float"]
    default: int | float | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    multiple_of: int | None = None

    @model_validator(mode="after")
    def _default_is_allowed(self) -> Self:
        if self.default is not None:
            low = self.minimum is not None and self.default < self.minimum
            high = self.maximum is not None and self.default > self.maximum
            off = self.multiple_of is not None and self.default % self.multiple_of != 0
            if low or high or off:
                message = f"default {self.default} is not a value that the rule itself allows"
                raise ValueError(message)
        return self


class ImageInputs(_Entry):
    """Which pictures a model takes beside the prompt.

    Attributes:
        form: ``init`` pictures are painted over (img2img); ``reference`` ones are looked at.
        minimum: How many it needs.
        maximum: How many it takes at most.
        mask: Whether it takes a mask, or needs one.
        max_side: The longest side in pixels of a reference picture.
    """

    form: Literal["init", "reference"]
    minimum: int = Field(default=0, ge=0)
    maximum: int = Field(ge=1)
    mask: Literal["none", "optional", "required"] = "none"
    max_side: int | None = None


class Size(_Entry):
    """A size in pixels."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)


class SecondsRange(_Entry):
    """How many seconds a picture typically takes."""

    minimum: float = Field(gt=0)
    maximum: float = Field(gt=0)


class Model(_Entry):
    """One model: what it takes, how it answers, what the provider bills."""

    id: str = Field(pattern=r"^@cf/[a-z0-9-]+/[a-z0-9.-]+$")
    name: str
    provider: str
    description: str
    request: RequestForm
    answer: AnswerForm
    speed: ModelSpeed
    quality: ModelQuality
    typical_seconds: SecondsRange
    is_recommended: bool = False
    is_beta: bool = False
    max_prompt_length: int = Field(ge=1)
    fixed_size: Size | None = None
    parameters: Mapping[ParameterName, ParameterRule]
    image_inputs: ImageInputs | None = None
    prices: tuple[UnitPrice, ...] = ()

    @model_validator(mode="after")
    def _size_is_known(self) -> Self:
        sized = {"width", "height"} & self.parameters.keys()
        if self.fixed_size is None and len(sized) != 2:  # noqa: PLR2004 - width and height
            message = "give either fixed_size or both of parameters.width and parameters.height"
            raise ValueError(message)
        if self.fixed_size is not None and sized:
            message = "a model of fixed_size has no parameters.width or parameters.height"
            raise ValueError(message)
        if len({price.unit for price in self.prices}) != len(self.prices):
            message = "each unit has one price"
            raise ValueError(message)
        return self

    @property
    def capabilities(self) -> tuple[ModelCapability, ...]:
        """What the model can be asked for beyond a prompt."""
        inputs = self.image_inputs
        found = {
            ModelCapability.SIZE: "width" in self.parameters,
            ModelCapability.SEED: "seed" in self.parameters,
            ModelCapability.NEGATIVE_PROMPT: "negative_prompt" in self.parameters,
            ModelCapability.IMAGE_TO_IMAGE: inputs is not None and inputs.form == "init",
            ModelCapability.INPAINTING: inputs is not None and inputs.mask != "none",
            ModelCapability.REFERENCE_IMAGES: inputs is not None and inputs.form == "reference",
        }
        return tuple(capability for capability, has in found.items() if has)


class Catalogue:
    """The models by id, in the order of the file."""

    def __init__(self, models: tuple[Model, ...]) -> None:
        self.models = models
        self._by_id = {model.id: model for model in models}
        if len(self._by_id) != len(models):
            message = "the catalogue names a model twice"
            raise CatalogueError(message)

    def get(self, model_id: str) -> Model | None:
        """Return the model of that id, if there is one."""
        return self._by_id.get(model_id)


class _File(_Entry):
    models: tuple[Model, ...] = Field(min_length=1)


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read and check a catalogue; without a path, the one that comes with the server.

    Raises:
        CatalogueError: The file cannot be read or breaks a rule.
    """
    try:
        if path is None:
            text = resources.files(__package__).joinpath("models.toml").read_text("utf-8")
        else:
            text = path.read_text("utf-8")
        return Catalogue(_File.model_validate(tomllib.loads(text)).models)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        message = f"{path or 'models.toml'}: {error}"
        raise CatalogueError(message) from error
