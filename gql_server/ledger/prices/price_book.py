"""The cost of an image: the user's by the price book, the operator's by the provider's prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any, Final, TypeVar

from gql_server.domain.money import MilliNeurons, NanoDollars
from gql_server.inference.catalogue import Catalogue
from gql_server.inference.model import Model, PriceUnit, UnitPrice
from gql_server.ledger.prices.files import Dated, PriceLists, read_price_files

T = TypeVar("T")

_TILE_SIDE: Final = 512
_MEGAPIXEL: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSize:
    """What a price depends on.

    Attributes:
        width: Pixels of the image.
        height: Pixels of the image.
        steps: Diffusion steps; 0 if the model's number is fixed.
        inputs: Width and height in pixels of each image sent with the prompt.
    """

    width: int
    height: int
    steps: int
    inputs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The exact price of one image.

    Attributes:
        cost: What its user is charged, in billionths of a dollar.
        provider_cost: What the provider bills, in billionths of a dollar.
        neurons: What the provider counts, in thousandths of a neuron.
    """

    cost: NanoDollars
    provider_cost: NanoDollars
    neurons: MilliNeurons


class PriceBook:
    """What users are charged, and what the provider bills, at any time."""

    def __init__(self, prices: PriceLists) -> None:
        self._prices = prices

    def price(self, model: Model, size: PictureSize, *, at: datetime) -> Price:
        """Return the price of one image at a time."""
        counts = _unit_counts(size)
        billed = self.unit_prices(model, at=at)
        provider_cost = sum(price.nano_dollars * counts[price.unit] for price in billed)
        neurons = sum(price.milli_neurons * counts[price.unit] for price in billed)
        listed = _holding(self._prices.user.get(model.id, ()), at)
        if listed is None:
            cost = provider_cost
        else:
            cost = sum(
                amount if unit == "picture" else amount * counts[unit]
                for unit, amount in listed.items()
            )
        return Price(
            cost=NanoDollars(cost),
            provider_cost=NanoDollars(provider_cost),
            neurons=MilliNeurons(neurons),
        )

    def price_at_defaults(self, model: Model, *, at: datetime) -> Price:
        """Return the price of one image at a time, with default settings."""
        size, steps = model.default_size, model.parameters.get("steps")
        return self.price(
            model,
            PictureSize(
                width=size.width, height=size.height, steps=int(steps.default or 0) if steps else 0
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


def _unit_counts(size: PictureSize) -> dict[PriceUnit, int]:
    tiles = _tiles(size.width, size.height)
    input_tiles = sum(_tiles(width, height) for width, height in size.inputs)
    megapixels = _megapixels(size.width, size.height)
    return {
        PriceUnit.OUTPUT_TILE: tiles,
        PriceUnit.OUTPUT_TILE_STEP: tiles * size.steps,
        PriceUnit.INPUT_TILE: input_tiles,
        PriceUnit.INPUT_TILE_STEP: input_tiles * size.steps,
        PriceUnit.STEP: size.steps,
        PriceUnit.FIRST_MEGAPIXEL: 1,
        PriceUnit.FURTHER_MEGAPIXEL: megapixels - 1,
        PriceUnit.INPUT_MEGAPIXEL: sum(_megapixels(width, height) for width, height in size.inputs),
    }


def _tiles(width: int, height: int) -> int:
    return ceil(width / _TILE_SIDE) * ceil(height / _TILE_SIDE)


def _megapixels(width: int, height: int) -> int:
    return ceil(width * height / _MEGAPIXEL)
