"""A model: what it accepts, how it answers and what it costs. An entry of the catalogue."""

import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self

from pydantic import Field, model_validator

from gql_server.inference.attempts import AttemptKind
from gql_server.inference.entries import Entry, check_order
from gql_server.inference.image_inputs import ImageInputs
from gql_server.inference.parameter_limits import ParameterLimit
from gql_server.inference.parameter_rules import SHARED_NAMES, ParameterRule
from gql_server.inference.sizes import DerivedSize, Size, read_size
from gql_server.inference.unit_prices import TOKEN_UNITS, PriceUnit, TokenLimit, UnitPrice

__all__ = [
    "AnswerForm",
    "ImageInputs",
    "Model",
    "ModelCapability",
    "ModelQuality",
    "ModelSpeed",
    "ModelStatus",
    "ParameterRule",
    "PriceUnit",
    "PromptUse",
    "RequestForm",
    "Size",
    "UnitPrice",
]

MAX_RANDOM_SEED: Final = 2**31 - 1
"""The largest seed that the server chooses: every model and client accepts it."""


class RequestForm(StrEnum):
    """How a model's request is written.

    ``json`` and ``multipart`` go to the model's own address. ``run`` is the form of models that
    other providers host: one address for all, with the model's name and its input in JSON.
    """

    JSON = "json"
    MULTIPART = "multipart"
    RUN = "run"


class AnswerForm(StrEnum):
    """How a model is documented to answer; the client accepts every form from any model."""

    BASE64 = "base64"
    BINARY = "binary"
    ADDRESS = "address"


class PromptUse(StrEnum):
    """Whether a model uses a prompt."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


class ModelStatus(StrEnum):
    """Whether a model can be relied on."""

    CURRENT = "current"
    DOUBTFUL = "doubtful"
    DEPRECATED = "deprecated"


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
    ASPECT_RATIO = "aspect_ratio"
    VECTOR = "vector"


class SecondsRange(Entry):
    """Typical generation time, in seconds."""

    minimum: float = Field(gt=0)
    maximum: float = Field(gt=0)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        check_order(self.minimum, self.maximum)
        return self


class Model(Entry):
    """One model: what it accepts, how it answers, what the provider bills.

    Attributes:
        id: Its name at the provider.
        name: Its name for people.
        provider: Who trained it.
        description: What it is good at.
        request: How its request is written.
        answer: How it is documented to answer.
        speed: How fast it typically is.
        quality: How good its images typically are.
        typical_seconds: How long an image takes.
        is_recommended: Whether it is a good first choice.
        is_beta: Whether the provider may still change it.
        status: Whether it can be relied on.
        status_note: What to know of a model that is not current.
        replaced_by: The model to use instead.
        prompt: Whether it uses a prompt.
        prompt_wire_name: The model's own name for the prompt.
        max_prompt_length: Maximum number of characters of a prompt.
        fixed_size: The size of its images, where it has one only.
        sizes: The sizes that ``width`` and ``height`` can be, where there are few.
        derived_size: How large its images are where no width and height are set.
        custom_size: Fields that are sent with a width and a height.
        constants: Fields that are always sent.
        parameters: Settings by public name, in the order that forms show them in.
        image_inputs: Images that it accepts beside the prompt.
        is_vector: Whether it answers with SVG.
        attempt_kind: Which of the provider's rate limits counts its calls.
        prices: What the provider bills; a beta model without prices is free.
        token_limits: The most tokens that an image takes, for a model that is billed by tokens.
        limits: Largest values of settings that depend on others.
        is_price_estimate: Whether the provider does not document all that its price depends on.
        not_offered: The model's own settings, and values as ``setting.value``, that this server
            leaves out on purpose.
    """

    id: str = Field(pattern=r"^(@cf/)?[a-z0-9-]+/[a-z0-9.-]+$")
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
    status: ModelStatus = ModelStatus.CURRENT
    status_note: str | None = None
    replaced_by: str | None = None
    prompt: PromptUse = PromptUse.REQUIRED
    prompt_wire_name: str = Field(default="prompt", pattern=r"^[a-z_]+$")
    max_prompt_length: int = Field(ge=1)
    fixed_size: Size | None = None
    sizes: tuple[str, ...] = ()
    derived_size: DerivedSize | None = None
    custom_size: Mapping[str, str] = Field(default_factory=dict)
    constants: Mapping[str, str | bool | int] = Field(default_factory=dict)
    parameters: Mapping[str, ParameterRule]
    image_inputs: ImageInputs | None = None
    is_vector: bool = False
    attempt_kind: AttemptKind = AttemptKind.TEXT_TO_IMAGE
    prices: tuple[UnitPrice, ...] = ()
    token_limits: tuple[TokenLimit, ...] = ()
    limits: tuple[ParameterLimit, ...] = ()
    is_price_estimate: bool = False
    not_offered: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        self._check_size()
        if self.status is not ModelStatus.CURRENT and not self.status_note:
            raise ValueError("a model that is not current needs status_note")
        units = [(price.unit, str(price.when)) for price in self.prices]
        if len(set(units)) != len(units):
            raise ValueError("each unit has one price")
        self._check_parameters()
        self._check_form()
        return self

    def _check_size(self) -> None:
        sized = {"width", "height"} & self.parameters.keys()
        if len(sized) == 1:
            raise ValueError("give fixed_size, or both parameters.width and parameters.height")
        if not (self.fixed_size or self.derived_size or sized):
            raise ValueError("give fixed_size, derived_size, or parameters.width and .height")
        if self.fixed_size is not None and (sized or self.derived_size):
            raise ValueError("a model of fixed_size has no parameters.width or .height")
        has_defaults = all(self.parameters[name].default is not None for name in sized)
        if self.derived_size is None and not has_defaults:
            raise ValueError("parameters.width and .height need a default")
        for size in self.sizes:
            read_size(size)

    def _check_parameters(self) -> None:
        for limit in self.limits:
            if not {limit.parameter, *limit.when} <= self.parameters.keys():
                raise ValueError(f"the limit of {limit.parameter} names unknown settings")
        for name in self.own_parameters:
            if self.parameters[name].description is None:
                raise ValueError(f"{name} is a setting of this model alone and needs a description")
        names = {name: self.wire_name(name) for name in self.parameters}
        if self.has_joined_size:
            del names["height"]
        wire_names = [*names.values(), self.prompt_wire_name]
        if len(set(wire_names)) != len(wire_names):
            raise ValueError("each parameter has a wire_name of its own, other than prompt")

    def _check_form(self) -> None:
        form = self.image_inputs.form if self.image_inputs is not None else None
        is_run = self.request is RequestForm.RUN
        if is_run != (self.attempt_kind is AttemptKind.THIRD_PARTY):
            raise ValueError("the form run goes with attempt_kind third_party")
        if is_run and self.image_inputs is not None and self.image_inputs.wire_name is None:
            raise ValueError("image_inputs of the form run need a wire_name")
        if (
            form is not None
            and not is_run
            and (form == "reference") != (self.request is RequestForm.MULTIPART)
        ):
            raise ValueError("reference images go with multipart, init images with json")

    def wire_name(self, name: str) -> str:
        """Return the model's own name for a setting."""
        return self.parameters[name].wire_name or name

    @property
    def has_joined_size(self) -> bool:
        """Whether width and height are sent as one text, such as ``1024x768``."""
        sides = [self.parameters.get(name) for name in ("width", "height")]
        return all(side is not None for side in sides) and (
            self.wire_name("width") == self.wire_name("height")
        )

    @property
    def is_metered(self) -> bool:
        """Whether what the provider bills is known only when the image is there."""
        return any(price.unit in TOKEN_UNITS for price in self.prices)

    @property
    def default_size(self) -> Size:
        """The size of an image when none is requested, as far as it is known."""
        if self.fixed_size is not None:
            return self.fixed_size
        if self.derived_size is not None:
            return self.derived_size.of(
                {name: rule.default for name, rule in self.parameters.items()}
            )
        width, height = self.parameters["width"].default, self.parameters["height"].default
        return Size(width=int(width or 0), height=int(height or 0))

    @property
    def own_parameters(self) -> tuple[str, ...]:
        """The settings that only this model and its like have."""
        return tuple(name for name in self.parameters if name not in SHARED_NAMES)

    def random_seed(self) -> int | None:
        """Draw a seed that the model accepts; None where it accepts none."""
        rule = self.parameters.get("seed")
        if rule is None:
            return None
        minimum = int(rule.minimum or 0)
        maximum = int(min(rule.maximum or MAX_RANDOM_SEED, MAX_RANDOM_SEED))
        return minimum + secrets.randbelow(maximum - minimum + 1)

    @property
    def capabilities(self) -> tuple[ModelCapability, ...]:
        """The parameters of the model besides the prompt."""
        inputs = self.image_inputs
        found = {
            ModelCapability.SIZE: "width" in self.parameters,
            ModelCapability.SEED: "seed" in self.parameters,
            ModelCapability.NEGATIVE_PROMPT: "negative_prompt" in self.parameters,
            ModelCapability.IMAGE_TO_IMAGE: inputs is not None and inputs.form == "init",
            ModelCapability.INPAINTING: inputs is not None and inputs.mask != "none",
            ModelCapability.REFERENCE_IMAGES: inputs is not None and inputs.form == "reference",
            ModelCapability.ASPECT_RATIO: "aspect_ratio" in self.parameters,
            ModelCapability.VECTOR: self.is_vector,
        }
        return tuple(capability for capability, has in found.items() if has)
