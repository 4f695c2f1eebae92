"""What a picture costs: its user by the price book, the operator by the provider's list."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from math import ceil
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gql_server.domain.amounts import DollarAmount
from gql_server.domain.money import MilliNeurons, NanoDollars, nano_dollars
from gql_server.inference.catalogue import Catalogue
from gql_server.inference.model import Model, PriceUnit

_TILE_SIDE: Final = 512
_MEGAPIXEL: Final = 1024 * 1024


class PriceBookError(Exception):
    """A price book is wrong; the message names the place and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSize:
    """What a price depends on.

    Attributes:
        width: Pixels of the picture.
        height: Pixels of the picture.
        steps: Diffusion steps; 0 where the model's are fixed.
        inputs: Width and height in pixels of each picture given beside the prompt.
    """

    width: int
    height: int
    steps: int
    inputs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of one picture, exact.

    Attributes:
        cost: What its user is charged, in billionths of a dollar.
        provider_cost: What the provider bills, in billionths of a dollar.
        neurons: What the provider counts, in thousandths of a neuron.
    """

    cost: NanoDollars
    provider_cost: NanoDollars
    neurons: MilliNeurons


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prices: dict[str, dict[PriceUnit | Literal["picture"], DollarAmount]] = Field(
        default_factory=dict
    )


class PriceBook:
    """What users are charged; a model that is not in the book costs the provider's price."""

    def __init__(
        self, prices: Mapping[str, Mapping[PriceUnit | Literal["picture"], Decimal]]
    ) -> None:
        self._prices = {
            model_id: {unit: int(nano_dollars(amount)) for unit, amount in units.items()}
            for model_id, units in prices.items()
        }

    def price(self, model: Model, size: PictureSize) -> Price:
        """Return what one picture costs."""
        counts = _unit_counts(size)
        provider_cost = sum(price.nano_dollars * counts[price.unit] for price in model.prices)
        neurons = sum(price.milli_neurons * counts[price.unit] for price in model.prices)
        listed = self._prices.get(model.id)
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


def load_price_book(catalogue: Catalogue, path: Path | None = None) -> PriceBook:
    """Read the built-in price book, and over it the operator's.

    Raises:
        PriceBookError: A file cannot be read, or names a model or unit that there is not.
    """
    built_in = resources.files(__package__).joinpath("prices.toml").read_text("utf-8")
    prices = _read("prices.toml", built_in, catalogue)
    if path is not None:
        try:
            own = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PriceBookError(f"{path}: {error}") from error
        prices |= _read(str(path), own, catalogue)
    return PriceBook(prices)


def _read(
    name: str, text: str, catalogue: Catalogue
) -> dict[str, dict[PriceUnit | Literal["picture"], Decimal]]:
    try:
        prices = _File.model_validate(tomllib.loads(text)).prices
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise PriceBookError(f"{name}: {error}") from error
    for model_id in prices:
        if catalogue.get(model_id) is None:
            raise PriceBookError(f"{name}: there is no model {model_id!r} in the catalogue")
    return prices


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
