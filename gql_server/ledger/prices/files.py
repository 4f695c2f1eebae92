"""Price books as people write them: TOML, validated on reading."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gql_server import text_files
from gql_server.domain.amounts import DollarAmount
from gql_server.domain.money import nano_dollars
from gql_server.inference.catalogue import Catalogue
from gql_server.inference.model import PriceUnit, UnitPrice

T = TypeVar("T")

PricedUnit = PriceUnit | Literal["picture"]
"""An image as a whole, or a unit that the provider counts."""


class PriceBookError(Exception):
    """A price book is invalid; the message says where, and how to fix it."""


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """Prices of a model's images from a time on; None: from the beginning."""

    holds_from: datetime | None
    units: T


UserPrice = Dated[Mapping[PricedUnit, int]]
"""What users are charged: billionths of a dollar for each unit; the named units add up."""

ProviderPrice = Dated[tuple[UnitPrice, ...]]
"""What the provider bills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLists:
    """Prices by model, each model's earliest first.

    Attributes:
        user: What users are charged; other models cost the provider's price.
        provider: What the provider bills, if that differs from the catalogue.
    """

    user: Mapping[str, Sequence[UserPrice]]
    provider: Mapping[str, Sequence[ProviderPrice]]


_Entries = dict[str, dict[str, Any] | list[dict[str, Any]]]
_USER_UNITS: Final = TypeAdapter(dict[PricedUnit, DollarAmount])
_PROVIDER_UNITS: Final = TypeAdapter(dict[PriceUnit, dict[str, Any] | list[dict[str, Any]]])


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prices: _Entries = Field(default_factory=dict)
    provider: _Entries = Field(default_factory=dict)


def read_price_files(catalogue: Catalogue, path: Path | None) -> PriceLists:
    """Read the built-in prices, with the operator's on top.

    An operator's price without a date replaces the built-in one; those with a date follow it.

    Raises:
        PriceBookError: A file cannot be read, or names an unknown model or unit.
    """
    built_in = resources.files(__package__).joinpath("prices.toml").read_text("utf-8")
    prices = read_price_text("prices.toml", built_in, catalogue)
    if path is None:
        return prices
    own = read_price_text(str(path), read_text(path), catalogue)
    return PriceLists(
        user=_over(prices.user, own.user), provider=_over(prices.provider, own.provider)
    )


def read_text(path: Path) -> str:
    """Read the text of a price book.

    Raises:
        PriceBookError: It cannot be read.
    """
    try:
        return text_files.read_text(path)
    except text_files.TextFileError as error:
        raise PriceBookError(str(error)) from error


def read_price_text(name: str, text: str, catalogue: Catalogue) -> PriceLists:
    """Parse one price book.

    Args:
        name: Its name in errors.
        text: The TOML.
        catalogue: The known models.

    Raises:
        PriceBookError: It is not a price book, or names an unknown model or unit.
    """
    try:
        file = _File.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise PriceBookError(f"{name}: {error}") from error
    provider = _by_model(name, file.provider, catalogue, _provider_units)
    _check_neurons(name, provider)
    return PriceLists(user=_by_model(name, file.prices, catalogue, _user_units), provider=provider)


def _check_neurons(name: str, prices: Mapping[str, Sequence[ProviderPrice]]) -> None:
    """Refuse a price in dollars alone of a model that is billed in neurons."""
    for model_id, dated in prices.items():
        for unit in (unit for price in dated for unit in price.units):
            if model_id.startswith("@cf/") and "neurons" not in unit.model_fields_set:
                raise PriceBookError(f"{name}: {model_id}: {unit.unit} needs neurons too")


def _over(
    built_in: Mapping[str, Sequence[Dated[T]]], own: Mapping[str, Sequence[Dated[T]]]
) -> Mapping[str, Sequence[Dated[T]]]:
    return dict(built_in) | {
        model_id: prices if prices[0].holds_from is None else [*built_in.get(model_id, ()), *prices]
        for model_id, prices in own.items()
    }


def _by_model(
    name: str, entries: _Entries, catalogue: Catalogue, units: Callable[[dict[str, Any]], T]
) -> Mapping[str, Sequence[Dated[T]]]:
    prices: dict[str, Sequence[Dated[T]]] = {}
    for model_id, entry in entries.items():
        if model_id in catalogue.withdrawn:
            continue
        if catalogue.get(model_id) is None:
            raise PriceBookError(f"{name}: there is no model {model_id!r} in the catalogue")
        try:
            prices[model_id] = _dated(entry if isinstance(entry, list) else [entry], units)
        except ValueError as error:
            raise PriceBookError(f"{name}: {model_id}: {error}") from error
    return prices


def _dated(
    entries: Sequence[dict[str, Any]], units: Callable[[dict[str, Any]], T]
) -> Sequence[Dated[T]]:
    if not entries:
        raise ValueError("name a price, or leave the model out")
    found = [Dated(_moment(entry.pop("from", None)), units(entry)) for entry in map(dict, entries)]
    found.sort(key=lambda price: price.holds_from or datetime.min.replace(tzinfo=UTC))
    if any(earlier.holds_from == later.holds_from for earlier, later in pairwise(found)):
        raise ValueError("two prices hold from the same moment")
    return found


def _user_units(entry: dict[str, Any]) -> Mapping[PricedUnit, int]:
    units = _USER_UNITS.validate_python(entry)
    if not units:
        raise ValueError("name a price for the picture, or for a unit")
    return {unit: int(nano_dollars(amount)) for unit, amount in units.items()}


def _provider_units(entry: dict[str, Any]) -> tuple[UnitPrice, ...]:
    units = _PROVIDER_UNITS.validate_python(entry)
    if not units:
        raise ValueError("name a price for a unit")
    return tuple(
        UnitPrice.model_validate({**amounts, "unit": unit})
        for unit, listed in units.items()
        for amounts in (listed if isinstance(listed, list) else [listed])
    )


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"from = {value}: add the offset from UTC, such as Z")
        return value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time.min, UTC)
    raise ValueError(f"from = {value!r} is not a date: write 2026-12-01, without quotes")
