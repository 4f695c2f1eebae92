"""The cost of an image: the user's by the price book, the operator's by the provider's prices."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any, Final, TypeVar

from gql_server.domain.money import MilliNeurons, NanoDollars
from gql_server.inference.catalogue import Catalogue
from gql_server.inference.model import Model, PriceUnit, UnitPrice
from gql_server.inference.unit_prices import PIXELS, TOKEN_UNITS, all_hold
from gql_server.ledger.prices.files import Dated, PricedUnit, PriceLists, read_price_files

T = TypeVar("T")

_TILE_SIDE: Final = 512
_MEGAPIXEL: Final = 1024 * 1024

_TEXT_OVERHEAD: Final = 64
"""Tokens that a provider may add around a prompt: our own bound."""

_USUAL_PROMPT_BYTES: Final = 200
"""What a model's price at default settings assumes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSize:
    """What a price depends on.

    Attributes:
        width: Pixels of the image.
        height: Pixels of the image.
        steps: Diffusion steps; 0 if the model's number is fixed.
        inputs: Width and height in pixels of each image sent with the prompt.
        settings: The other settings, by public name: some prices depend on them.
        prompt_bytes: Length of the prompt in UTF-8: no text has more tokens than bytes.
        usage: Tokens that the provider counted; None: they are not known yet.
    """

    width: int
    height: int
    steps: int
    inputs: tuple[tuple[int, int], ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    prompt_bytes: int = 0
    usage: Mapping[PriceUnit, int] | None = None

    @property
    def conditions(self) -> Mapping[str, object]:
        """What the conditions of prices are about: the settings, and the pixels."""
        return {**self.settings, PIXELS: self.width * self.height}


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The exact price of one image.

    Attributes:
        cost: What its user is charged, in billionths of a dollar.
        provider_cost: What the provider bills, in billionths of a dollar.
        neurons: What the provider counts, in thousandths of a neuron.
        is_maximum: Whether it is the most that the image can cost, because the provider's count
            is known only when the image is there.
    """

    cost: NanoDollars
    provider_cost: NanoDollars
    neurons: MilliNeurons
    is_maximum: bool = False


_USUAL_TOKENS: Final[Mapping[PriceUnit, PriceUnit]] = {
    PriceUnit.CACHED_TEXT_TOKEN: PriceUnit.INPUT_TEXT_TOKEN,
    PriceUnit.CACHED_IMAGE_TOKEN: PriceUnit.INPUT_IMAGE_TOKEN,
    PriceUnit.OUTPUT_TEXT_TOKEN: PriceUnit.OUTPUT_IMAGE_TOKEN,
}
"""Tokens that some models have a discount on, and which they are without it."""


class PriceBook:
    """What users are charged, and what the provider bills, at any time."""

    def __init__(self, prices: PriceLists) -> None:
        self._prices = prices

    def price(self, model: Model, size: ImageSize, *, at: datetime) -> Price:
        """Return the price of one image at a time; the maximum while its tokens are not known."""
        counts = _unit_counts(model, size)
        billed = _applicable(self.unit_prices(model, at=at), size)
        of_provider = _with_unpriced_tokens(counts, {price.unit for price in billed})
        provider_cost = sum(price.nano_dollars * of_provider[price.unit] for price in billed)
        neurons = sum(price.milli_neurons * of_provider[price.unit] for price in billed)
        listed = _holding(self._prices.user.get(model.id, ()), at)
        units: set[PricedUnit] = {price.unit for price in billed}
        if listed is None:
            cost = provider_cost
        else:
            units = set(listed)
            counts = _with_unpriced_tokens(counts, units)
            cost = sum(
                amount if unit == "picture" else amount * counts[unit]
                for unit, amount in listed.items()
            )
        return Price(
            cost=NanoDollars(cost),
            provider_cost=NanoDollars(provider_cost),
            neurons=MilliNeurons(neurons),
            is_maximum=size.usage is None and not units.isdisjoint(TOKEN_UNITS),
        )

    def price_at_defaults(self, model: Model, *, at: datetime) -> Price:
        """Return the price of one image at a time, with default settings."""
        size = model.default_size
        defaults = {name: rule.default for name, rule in model.parameters.items()}
        steps = defaults.get("steps")
        sources = model.image_inputs.minimum if model.image_inputs is not None else 0
        return self.price(
            model,
            ImageSize(
                width=size.width,
                height=size.height,
                steps=steps if isinstance(steps, int) else 0,
                # Models of tiles and megapixels need none.
                inputs=((size.width, size.height),) * sources,
                settings={name: value for name, value in defaults.items() if value is not None},
                prompt_bytes=_USUAL_PROMPT_BYTES,
            ),
            at=at,
        )

    def unit_prices(self, model: Model, *, at: datetime) -> tuple[UnitPrice, ...]:
        """Return the provider's prices at a time: from the book, or else from the catalogue."""
        listed = _holding(self._prices.provider.get(model.id, ()), at)
        return model.prices if listed is None else listed

    def next_change(self, *, after: datetime) -> datetime | None:
        """Return when prices change next; None if no change is known."""
        lists: list[Sequence[Dated[Any]]] = [
            *self._prices.user.values(),
            *self._prices.provider.values(),
        ]
        changes = [
            price.holds_from
            for prices in lists
            for price in prices
            if price.holds_from is not None and price.holds_from > after
        ]
        return min(changes, default=None)


def load_price_book(catalogue: Catalogue, path: Path | None = None) -> PriceBook:
    """Read the built-in price book, with the operator's on top.

    Raises:
        PriceBookError: A file cannot be read, or names an unknown model or unit.
    """
    return PriceBook(read_price_files(catalogue, path))


def _holding(prices: Sequence[Dated[T]], at: datetime) -> T | None:
    found = None
    for price in prices:
        if price.holds_from is None or price.holds_from <= at:
            found = price.units
    return found


def _applicable(prices: Sequence[UnitPrice], size: ImageSize) -> Sequence[UnitPrice]:
    """Return, of the prices of each unit, the first whose conditions hold."""
    first: dict[PriceUnit, UnitPrice] = {}
    for price in prices:
        if price.unit not in first and all_hold(price.when, size.conditions):
            first[price.unit] = price
    return list(first.values())


def _unit_counts(model: Model, size: ImageSize) -> dict[PriceUnit, int]:
    tiles = _tiles(size.width, size.height)
    input_tiles = sum(_tiles(width, height) for width, height in size.inputs)
    megapixels = _megapixels(size.width, size.height)
    return {
        PriceUnit.IMAGE: 1,
        PriceUnit.INPUT_IMAGE: len(size.inputs),
        PriceUnit.OUTPUT_TILE: tiles,
        PriceUnit.OUTPUT_TILE_STEP: tiles * size.steps,
        PriceUnit.INPUT_TILE: input_tiles,
        PriceUnit.INPUT_TILE_STEP: input_tiles * size.steps,
        PriceUnit.STEP: size.steps,
        PriceUnit.FIRST_MEGAPIXEL: 1,
        PriceUnit.FURTHER_MEGAPIXEL: megapixels - 1,
        PriceUnit.INPUT_MEGAPIXEL: sum(_megapixels(width, height) for width, height in size.inputs),
        **_token_counts(model, size),
    }


def _token_counts(model: Model, size: ImageSize) -> dict[PriceUnit, int]:
    """Return the tokens that were counted, or the most that there can be."""
    if size.usage is not None:
        return {unit: size.usage.get(unit, 0) for unit in TOKEN_UNITS}
    counts = dict.fromkeys(TOKEN_UNITS, 0)
    if not model.is_metered:
        return counts
    counts[PriceUnit.INPUT_TEXT_TOKEN] = size.prompt_bytes + _TEXT_OVERHEAD
    for limit in reversed(model.token_limits):  # the first that applies is written last
        if all_hold(limit.when, size.conditions):
            counts[limit.unit] = limit.maximum
    counts[PriceUnit.INPUT_IMAGE_TOKEN] *= len(size.inputs)
    return counts


def _with_unpriced_tokens(
    counts: Mapping[PriceUnit, int], priced: AbstractSet[PricedUnit]
) -> dict[PriceUnit, int]:
    """Count tokens that have no price of their own as the kind that they would otherwise be."""
    found = dict(counts)
    for unit, usual in _USUAL_TOKENS.items():
        if unit not in priced:
            found[usual] += found[unit]
    return found


def _tiles(width: int, height: int) -> int:
    return ceil(width / _TILE_SIDE) * ceil(height / _TILE_SIDE)


def _megapixels(width: int, height: int) -> int:
    return ceil(width * height / _MEGAPIXEL)
