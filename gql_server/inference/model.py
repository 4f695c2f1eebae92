"""What a model takes, how it answers and what it costs: an entry of the catalogue."""

import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    model_validator,
)

from gql_server.domain.amounts import DollarAmount, NeuronAmount
from gql_server.domain.money import MilliNeurons, NanoDollars, milli_neurons, nano_dollars
from gql_server.inference.attempts import AttemptKind

ParameterName = Literal[
    "negative_prompt", "width", "height", "steps", "guidance", "seed", "strength"
]
"""The public names; each model says which of them it has and what it calls them."""


class RequestForm(StrEnum):
    """How a model wants its request written."""

    JSON = "json"
    MULTIPART = "multipart"


class AnswerForm(StrEnum):
    """How a model is documented to answer; the client copes with either."""

    BASE64 = "base64"
    BINARY = "binary"


MAX_RANDOM_SEED: Final = 2**31 - 1
"""The largest seed that the server chooses: every model and client accepts it."""


class ModelSpeed(StrEnum):
    """Typical speed of a model."""

    FAST = "fast"
    MEDIUM = "medium"
    SLOW = "slow"


class ModelQuality(StrEnum):
    """Typical image quality of a model."""

    STANDARD = "standard"
    HIGH = "high"
    VERY_HIGH = "very_high"


class ModelCapability(StrEnum):
    """A capability of a model beyond text prompts."""

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


def _check_order(minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and maximum is not None and minimum > maximum:
        raise ValueError(f"minimum {minimum} is above maximum {maximum}")


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_Number = StrictInt | StrictFloat


class UnitPrice(_Entry):
    """The provider's price for one unit, in dollars and in neurons, each as it lists them."""

    unit: PriceUnit
    dollars: DollarAmount
    neurons: NeuronAmount

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

    wire_name: str = Field(pattern=r"^[a-z_]+$")
    type: Literal["string", "integer", "float"]
    default: _Number | None = None
    minimum: _Number | None = None
    maximum: _Number | None = None
    multiple_of: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        numbers = [self.default, self.minimum, self.maximum]
        if self.type == "integer" and any(isinstance(number, float) for number in numbers):
            raise ValueError("default and bounds of an integer are whole numbers")
        if self.type == "string" and self.default is not None:
            raise ValueError("a text has no default")
        _check_order(self.minimum, self.maximum)
        if self.default is not None:
            low = self.minimum is not None and self.default < self.minimum
            high = self.maximum is not None and self.default > self.maximum
            off = self.multiple_of is not None and self.default % self.multiple_of != 0
            if low or high or off:
                raise ValueError(f"default {self.default} is not what the rule itself allows")
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
    max_side: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        _check_order(self.minimum, self.maximum)
        if (self.form == "reference") != (self.max_side is not None):
            raise ValueError("max_side is of reference pictures, and they need it")
        if self.form == "reference" and self.mask != "none":
            raise ValueError("reference pictures take no mask")
        return self


class Size(_Entry):
    """A size in pixels."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)


class SecondsRange(_Entry):
    """How many seconds a picture typically takes."""

    minimum: float = Field(gt=0)
    maximum: float = Field(gt=0)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        _check_order(self.minimum, self.maximum)
        return self


class Model(_Entry):
    """One model: what it takes, how it answers, what the provider bills."""

    id: str = Field(pattern=r"^@cf/[a-z0-9-]+/[a-z0-9.-]+$")
    name: str = Field(min_length=1)
    provider: str = Field(min_length=1)
    description: str = Field(min_length=1)
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
    attempt_kind: AttemptKind = AttemptKind.TEXT_TO_IMAGE
    prices: tuple[UnitPrice, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        sized = {"width", "height"} & self.parameters.keys()
        if self.fixed_size is None and sized != {"width", "height"}:
            raise ValueError("give fixed_size, or both parameters.width and parameters.height")
        if self.fixed_size is not None and sized:
            raise ValueError("a model of fixed_size has no parameters.width or .height")
        if any(rule.default is None for name, rule in self.parameters.items() if name in sized):
            raise ValueError("parameters.width and .height need a default")
        if len({price.unit for price in self.prices}) != len(self.prices):
            raise ValueError("each unit has one price")
        wire_names = [rule.wire_name for rule in self.parameters.values()]
        if len(set(wire_names)) != len(wire_names) or "prompt" in wire_names:
            raise ValueError("each parameter has a wire_name of its own, other than prompt")
        form = self.image_inputs.form if self.image_inputs is not None else None
        if form is not None and (form == "reference") != (self.request is RequestForm.MULTIPART):
            raise ValueError("reference pictures go with multipart, init pictures with json")
        return self

    @property
    def default_size(self) -> Size:
        """The size of a picture when none is asked for; of some models the only one."""
        if self.fixed_size is not None:
            return self.fixed_size
        width, height = self.parameters["width"].default, self.parameters["height"].default
        return Size(width=int(width or 0), height=int(height or 0))

    def random_seed(self) -> int | None:
        """Draw a seed that the model takes; None where it takes none."""
        rule = self.parameters.get("seed")
        if rule is None:
            return None
        least = int(rule.minimum or 0)
        most = int(min(rule.maximum or MAX_RANDOM_SEED, MAX_RANDOM_SEED))
        return least + secrets.randbelow(most - least + 1)

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
