"""Price books as people write them: TOML, checked when it is read."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gql_server.domain.amounts import DollarAmount
from gql_server.domain.money import nano_dollars
from gql_server.inference.catalogue import Catalogue
from gql_server.inference.model import PriceUnit

PricedUnit = PriceUnit | Literal["picture"]
"""A picture as a whole, or something that the provider counts."""

_UNITS: Final = TypeAdapter(dict[PricedUnit, DollarAmount])


class PriceBookError(Exception):
    """A price book is wrong; the message names the place and the mend."""


@dataclass(frozen=True, slots=True)
class DatedPrice:
    """What a model's pictures cost from a moment on; None is from the beginning.

    ``units`` are billionths of a dollar for each; those that are named add up.
    """

    holds_from: datetime | None
    units: Mapping[PricedUnit, int]


PriceList = Mapping[str, Sequence[DatedPrice]]
"""By model: its prices, the earliest first."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prices: dict[str, dict[str, Any] | list[dict[str, Any]]] = Field(default_factory=dict)


def read_price_files(catalogue: Catalogue, path: Path | None) -> PriceList:
    """Read the built-in prices, and over them the operator's.

    An operator's price without a date takes the place of the built-in one; those with a date
    follow upon it.

    Raises:
        PriceBookError: A file cannot be read, or names a model or unit that there is not.
    """
    built_in = resources.files(__package__).joinpath("prices.toml").read_text("utf-8")
    prices = _read("prices.toml", built_in, catalogue)
    if path is None:
        return prices
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PriceBookError(f"{path}: {error}") from error
    for model_id, own in _read(str(path), text, catalogue).items():
        is_whole = own[0].holds_from is None
        prices[model_id] = own if is_whole else [*prices.get(model_id, ()), *own]
    return prices


def _read(name: str, text: str, catalogue: Catalogue) -> dict[str, Sequence[DatedPrice]]:
    try:
        entries = _File.model_validate(tomllib.loads(text)).prices
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise PriceBookError(f"{name}: {error}") from error
    prices: dict[str, Sequence[DatedPrice]] = {}
    for model_id, entry in entries.items():
        if catalogue.get(model_id) is None:
            raise PriceBookError(f"{name}: there is no model {model_id!r} in the catalogue")
        try:
            prices[model_id] = _dated(entry if isinstance(entry, list) else [entry])
        except ValueError as error:
            raise PriceBookError(f"{name}: {model_id}: {error}") from error
    return prices


def _dated(entries: Sequence[dict[str, Any]]) -> Sequence[DatedPrice]:
    if not entries:
        raise ValueError("name a price, or leave the model out")
    found = [
        DatedPrice(_moment(entry.pop("from", None)), _units(entry)) for entry in map(dict, entries)
    ]
    found.sort(key=lambda price: price.holds_from or datetime.min.replace(tzinfo=UTC))
    if any(earlier.holds_from == later.holds_from for earlier, later in pairwise(found)):
        raise ValueError("two prices hold from the same moment")
    return found


def _units(entry: dict[str, Any]) -> Mapping[PricedUnit, int]:
    units = _UNITS.validate_python(entry)
    if not units:
        raise ValueError("name a price for the picture, or for a unit")
    return {unit: int(nano_dollars(amount)) for unit, amount in units.items()}


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"from = {value}: add the offset from UTC, such as Z")
        return value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time.min, UTC)
    raise ValueError(f"from = {value!r} is no date: write 2026-12-01, without quotes")
