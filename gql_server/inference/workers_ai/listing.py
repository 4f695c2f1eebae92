"""What Cloudflare lists at the moment: its text-to-image models and their unit prices.

The form is that of https://developers.cloudflare.com/api/resources/ai/subresources/models/; how
units are worded is nowhere promised.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel, Field, ValidationError

from gql_server.domain.money import nano_dollars
from gql_server.inference.model import PriceUnit
from gql_server.inference.workers_ai.listing_calls import ListingFailed, open_listing, plain

_TASK: Final = "Text-to-Image"
_MAX_PAGES: Final = 50

_UNITS: Final[Mapping[frozenset[str], PriceUnit]] = {
    frozenset({"tile"}): PriceUnit.OUTPUT_TILE,
    frozenset({"tile", "step"}): PriceUnit.OUTPUT_TILE_STEP,
    frozenset({"input", "tile"}): PriceUnit.INPUT_TILE,
    frozenset({"input", "tile", "step"}): PriceUnit.INPUT_TILE_STEP,
    frozenset({"step"}): PriceUnit.STEP,
    frozenset({"first", "megapixel"}): PriceUnit.FIRST_MEGAPIXEL,
    frozenset({"subsequent", "megapixel"}): PriceUnit.FURTHER_MEGAPIXEL,
    frozenset({"input", "megapixel"}): PriceUnit.INPUT_MEGAPIXEL,
}
"""Units by their words. A price with other words is reported as it is, and never guessed."""

_SYNONYMS: Final = {
    "mp": "megapixel",
    "megapixels": "megapixel",
    "tiles": "tile",
    "steps": "step",
    "further": "subsequent",
    "additional": "subsequent",
}
_IDLE_WORDS: Final = {"per", "by", "x", "output", "image"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """A model as Cloudflare lists it.

    Attributes:
        id: Its name.
        unit_prices: Dollars by unit; empty where none are listed.
        unread: Prices in words that this version cannot read.
    """

    id: str
    unit_prices: Mapping[PriceUnit, Decimal]
    unread: tuple[str, ...] = ()


class _Price(BaseModel):
    unit: str
    price: Decimal = Field(ge=0, allow_inf_nan=False)
    currency: str = "USD"


class _Prices(BaseModel):
    value: list[_Price]


class _Entry(BaseModel):
    name: str = Field(min_length=1)
    properties: list[dict[str, Any]] = []


class _Page(BaseModel):
    result: list[_Entry]


async def fetch_listing(
    *,
    account_id: str,
    api_token: str,
    base_url: str,
    timeout_seconds: float = 30.0,
    page_size: int = 100,
) -> tuple[ListedModel, ...]:
    """Read every text-to-image model that Cloudflare lists for an account.

    Raises:
        ListingFailed: The service cannot be reached, refuses, or answers with something else.
    """
    listed: dict[str, ListedModel] = {}
    async with open_listing(
        account_id=account_id,
        api_token=api_token,
        base_url=base_url,
        timeout_seconds=timeout_seconds,
    ) as calls:
        for page in range(1, _MAX_PAGES + 1):
            query: dict[str, str | int] = {"task": _TASK, "per_page": page_size, "page": page}
            entries = _entries(await calls.get("/models/search", query))
            listed |= {model.id: model for model in map(_model, entries)}
            if len(entries) < page_size:
                break
    if not listed:
        raise ListingFailed("the answer lists no model that makes images")
    return tuple(listed.values())


def _entries(body: bytes) -> list[_Entry]:
    try:
        return _Page.model_validate_json(body).result
    except ValidationError as error:
        raise ListingFailed("the response is not a list of models") from error


def _model(entry: _Entry) -> ListedModel:
    prices: dict[PriceUnit, Decimal] = {}
    unread: list[str] = []
    for price in _prices(entry):
        unit = _unit(price.unit)
        if unit is None or unit in prices or price.currency != "USD" or _is_too_fine(price.price):
            unread.append(plain(f"{price.price:f} {price.currency} {price.unit}"))
        else:
            prices[unit] = price.price
    return ListedModel(id=plain(entry.name), unit_prices=prices, unread=tuple(unread))


def _prices(entry: _Entry) -> Iterator[_Price]:
    for found in entry.properties:
        if found.get("property_id") == "price":
            try:
                yield from _Prices.model_validate(found).value
            except ValidationError as error:
                raise ListingFailed(f"the price of {plain(entry.name)} is none") from error


def _unit(wording: str) -> PriceUnit | None:
    words = {_SYNONYMS.get(word, word) for word in re.findall(r"[a-z]+", wording.lower())}
    return _UNITS.get(frozenset(words - _IDLE_WORDS))


def _is_too_fine(dollars: Decimal) -> bool:
    try:
        nano_dollars(dollars)
    except ValueError:
        return True
    return False
