"""What a provider bills for a model: units, and on which settings their prices depend."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from gql_server.domain.amounts import DollarAmount, NeuronAmount
from gql_server.domain.money import MilliNeurons, NanoDollars, milli_neurons, nano_dollars
from gql_server.inference.entries import Entry

PIXELS: Final = "pixels"
"""The name by which a condition refers to the pixels of the generated image."""


class PriceUnit(StrEnum):
    """What a provider counts.

    A tile is 512 × 512 pixels, a megapixel 1024 × 1024; a started one counts whole.
    """

    IMAGE = "image"
    INPUT_IMAGE = "input_image"
    OUTPUT_TILE = "output_tile"
    OUTPUT_TILE_STEP = "output_tile_step"
    INPUT_TILE_STEP = "input_tile_step"
    INPUT_TILE = "input_tile"
    STEP = "step"
    FIRST_MEGAPIXEL = "first_megapixel"
    FURTHER_MEGAPIXEL = "further_megapixel"
    INPUT_MEGAPIXEL = "input_megapixel"
    INPUT_TEXT_TOKEN = "input_text_token"  # noqa: S105 - a unit
    INPUT_IMAGE_TOKEN = "input_image_token"  # noqa: S105 - a unit
    CACHED_TEXT_TOKEN = "cached_text_token"  # noqa: S105 - a unit
    CACHED_IMAGE_TOKEN = "cached_image_token"  # noqa: S105 - a unit
    OUTPUT_TEXT_TOKEN = "output_text_token"  # noqa: S105 - a unit
    OUTPUT_IMAGE_TOKEN = "output_image_token"  # noqa: S105 - a unit


TOKEN_UNITS: Final = frozenset(unit for unit in PriceUnit if unit.value.endswith("_token"))
"""Units whose number is known only when the answer is there."""


class Condition(Entry):
    """What a setting must be for a price or a limit to apply; one of the attributes.

    Attributes:
        values: One of these.
        maximum: A number of at most this.
        is_set: Whether it must be set at all, or must not.
    """

    values: tuple[StrictStr | StrictInt, ...] = ()
    maximum: StrictInt | StrictFloat | None = None
    is_set: StrictBool | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if bool(self.values) + (self.maximum is not None) + (self.is_set is not None) != 1:
            raise ValueError("give one of values, maximum and is_set")
        return self

    def holds(self, value: object) -> bool:
        """Return whether a setting of this value meets the condition."""
        if self.is_set is not None:
            return bool(value) is self.is_set
        if self.maximum is not None:
            return isinstance(value, int | float) and value <= self.maximum
        return value in self.values


Conditions = Mapping[str, Condition]
"""Conditions by setting; all must hold."""


def all_hold(conditions: Conditions, settings: Mapping[str, object]) -> bool:
    """Return whether settings meet every condition."""
    return all(condition.holds(settings.get(name)) for name, condition in conditions.items())


class UnitPrice(Entry):
    """The provider's price for one unit, in dollars and in neurons, each as it lists them.

    Attributes:
        unit: What is counted.
        dollars: Price of one.
        neurons: Neurons of one; 0 for models that are not billed in neurons.
        when: Settings that it applies to. Of the prices of a unit the first that applies counts.
    """

    unit: PriceUnit
    dollars: DollarAmount
    neurons: NeuronAmount = Decimal(0)
    when: Conditions = Field(default_factory=dict)

    @property
    def nano_dollars(self) -> NanoDollars:
        """The price in billionths of a dollar."""
        return nano_dollars(self.dollars)

    @property
    def milli_neurons(self) -> MilliNeurons:
        """The price in thousandths of a neuron."""
        return milli_neurons(self.neurons)


class TokenLimit(Entry):
    """How many tokens of a unit an image takes at most.

    Attributes:
        unit: A unit of tokens.
        maximum: Tokens at most; of an input image, for each.
        when: Settings that it applies to. Of the limits of a unit the first that applies counts.
    """

    unit: PriceUnit
    maximum: int = Field(ge=0)
    when: Conditions = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_of_tokens(self) -> Self:
        if self.unit not in TOKEN_UNITS:
            raise ValueError("a token limit is for a unit of tokens")
        return self
