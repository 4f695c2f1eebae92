"""Comparing Cloudflare's price list with the prices in use, and writing a price book."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Final

from gql_server.domain.clock import to_iso
from gql_server.domain.money import decimal_dollars, decimal_neurons
from gql_server.inference.catalogue import Catalogue
from gql_server.inference.model import Model, PriceUnit, UnitPrice
from gql_server.inference.workers_ai.listing import ListedModel
from gql_server.ledger.prices.files import PriceBookError, read_price_text
from gql_server.ledger.prices.price_book import PriceBook
from gql_server.text_files import TextFileError, write_whole

_DOLLARS_PER_NEURON: Final = Decimal("0.000011")
"""From https://developers.cloudflare.com/workers-ai/platform/pricing/."""

_FINEST_NEURONS: Final = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between Cloudflare's list and this server.

    Attributes:
        model_id: The model.
        what: A unit, or what else differs.
        here: The value in use here, in dollars or as a word.
        listed: The value on Cloudflare's list, likewise.
    """

    model_id: str
    what: str
    here: str
    listed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChanges:
    """The differences between Cloudflare's list and this server.

    Attributes:
        differences: Every difference, for people.
        prices: By model, all unit prices of the models whose prices can be adopted.
    """

    differences: Sequence[Difference]
    prices: Mapping[str, tuple[UnitPrice, ...]]


def compare_prices(
    catalogue: Catalogue, book: PriceBook, listed: Sequence[ListedModel], *, at: datetime
) -> PriceChanges:
    """Compare Cloudflare's list with the models and prices at a time."""
    differences: list[Difference] = []
    prices: dict[str, tuple[UnitPrice, ...]] = {}
    by_id = {model.id: model for model in listed}
    for model in catalogue.models:
        found = by_id.pop(model.id, None)
        if not model.id.startswith("@cf/"):
            continue  # prices of other providers depend on settings, which the list does not have
        if found is None:
            differences.append(_difference(model.id, "model", "known", "not listed"))
            continue
        here = book.unit_prices(model, at=at)
        found_here = [*_model_differences(model, here, found)]
        differences += found_here
        if found_here and found.unit_prices and not found.unread:
            prices[model.id] = tuple(_unit_price(*price, here) for price in _sorted(found))
    differences += [_difference(name, "model", "not known", "listed") for name in by_id]
    return PriceChanges(differences=differences, prices=prices)


def write_price_book(
    path: Path,
    prices: Mapping[str, tuple[UnitPrice, ...]],
    *,
    catalogue: Catalogue,
    present: str,
    at: datetime,
    overwrite: bool,
) -> None:
    """Write a price book with the provider's prices from a time on.

    Args:
        path: The file.
        prices: By model.
        catalogue: The known models.
        present: The text of the price book in use, which is copied unchanged.
        at: When the prices take effect, in whole seconds.
        overwrite: Whether an existing file may be replaced.

    Raises:
        PriceBookError: The file exists, or cannot be written; or the present text and the new
            prices are not a valid price book together.
    """
    text = "\n".join([*([present.rstrip("\n"), ""] if present else []), *_lines(prices, at)])
    try:
        read_price_text(str(path), text, catalogue)
    except PriceBookError as error:
        raise PriceBookError(
            f'{error}; where the price book in use has [provider."…"], write [[provider."…"]]'
        ) from error
    try:
        write_whole(path, text, overwrite=overwrite)
    except TextFileError as error:
        raise PriceBookError(str(error)) from error


def _difference(model_id: str, what: str, here: str, listed: str) -> Difference:
    return Difference(model_id=model_id, what=what, here=here, listed=listed)


def _model_differences(
    model: Model, here: Sequence[UnitPrice], found: ListedModel
) -> Iterator[Difference]:
    for words in found.unread:
        yield _difference(model.id, "price", "cannot read it", words)
    if found.unread:
        return
    known = {price.unit: price.dollars for price in here}
    if not found.unit_prices:
        if any(known.values()):
            yield _difference(model.id, "price", "known", "none")
        return
    for unit in PriceUnit:
        ours, theirs = known.get(unit), found.unit_prices.get(unit)
        if (ours or 0) != (theirs or 0):
            yield _difference(model.id, unit.value, _as_text(ours), _as_text(theirs))


def _as_text(dollars: Decimal | None) -> str:
    return "none" if dollars is None else f"{dollars.normalize():f}"


def _sorted(found: ListedModel) -> list[tuple[PriceUnit, Decimal]]:
    return [(unit, found.unit_prices[unit]) for unit in PriceUnit if unit in found.unit_prices]


def _unit_price(unit: PriceUnit, dollars: Decimal, here: Sequence[UnitPrice]) -> UnitPrice:
    for price in here:
        if price.unit is unit and price.dollars == dollars:
            return price
    neurons = (dollars / _DOLLARS_PER_NEURON).quantize(_FINEST_NEURONS, ROUND_HALF_UP)
    return UnitPrice.model_validate(
        {"unit": unit, "dollars": str(dollars), "neurons": str(neurons)}
    )


def _lines(prices: Mapping[str, tuple[UnitPrice, ...]], at: datetime) -> Iterator[str]:
    moment = to_iso(at.replace(microsecond=0))
    yield f"# What Cloudflare listed on {at:%Y-%m-%d}. Its list has no neurons: of a price that"
    yield "# changed they are counted from the dollars, at $0.011 for 1,000."
    for model_id, units in prices.items():
        yield ""
        yield f'[[provider."{model_id}"]]'
        yield f"from = {moment}"
        for price in units:
            dollars = decimal_dollars(price.nano_dollars)
            neurons = decimal_neurons(price.milli_neurons)
            yield f'{price.unit.value} = {{ dollars = "{dollars}", neurons = "{neurons}" }}'
    yield ""
