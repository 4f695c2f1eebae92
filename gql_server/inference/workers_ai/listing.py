"""What Cloudflare lists at the moment: its text-to-image models and their unit prices.

The form is that of https://developers.cloudflare.com/api/resources/ai/subresources/models/; how
units are worded is nowhere promised.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, ValidationError

from gql_server.domain.money import nano_dollars
from gql_server.inference.model import PriceUnit
from gql_server.inference.workers_ai.answers import read_answer
from gql_server.inference.workers_ai.credentials import Authorization, SecretsHidden
from gql_server.inference.workers_ai.errors import AttemptFailed, read_error
from gql_server.settings.settings import GATEWAY_ENDING
from gql_server.tls import trusted_authorities

_TASK: Final = "Text-to-Image"
_MAX_PAGES: Final = 50
_MAX_NAME_LENGTH: Final = 100

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


class ListingFailed(Exception):
    """Cloudflare's list could not be read; the message holds no secret.

    Attributes:
        is_refusal: The token or the account was refused, and not the address wrong.
    """

    def __init__(self, message: str, *, is_refusal: bool = False) -> None:
        super().__init__(message)
        self.is_refusal = is_refusal


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
    base = base_url.rstrip("/")
    if base.endswith(GATEWAY_ENDING):
        raise ListingFailed(
            "an AI Gateway has no list of models; use the address of Cloudflare's API"
        )
    url = f"{base}/accounts/{quote(account_id, safe='')}/ai/models/search"
    redact = SecretsHidden(api_token, account_id)
    listed: dict[str, ListedModel] = {}
    async with httpx.AsyncClient(
        verify=trusted_authorities(), auth=Authorization(api_token), timeout=timeout_seconds
    ) as client:
        for page in range(1, _MAX_PAGES + 1):
            query: dict[str, str | int] = {"task": _TASK, "per_page": page_size, "page": page}
            entries = await _page(client, url, query, redact)
            listed |= {model.id: model for model in map(_model, entries)}
            if len(entries) < page_size:
                break
    if not listed:
        raise ListingFailed("the answer lists no model that makes images")
    return tuple(listed.values())


async def _page(
    client: httpx.AsyncClient, url: str, query: Mapping[str, str | int], redact: SecretsHidden
) -> list[_Entry]:
    try:
        async with client.stream("GET", url, params=query) as response:
            answer = await read_answer(response)
    except (httpx.HTTPError, OSError) as error:
        reason = f"the service cannot be reached: {type(error).__name__}"
        raise ListingFailed(reason) from error
    except AttemptFailed as error:
        raise ListingFailed(f"no list of models: {error.detail}") from error
    if not httpx.codes.is_success(answer.status):
        failure = read_error(answer.status, answer.headers, answer.body, redact=redact)
        is_refusal = answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        what = "the token or the account was refused" if is_refusal else "the service failed"
        raise ListingFailed(
            f"{what}: HTTP status {answer.status}, {failure.detail}", is_refusal=is_refusal
        )
    try:
        return _Page.model_validate_json(answer.body).result
    except ValidationError as error:
        raise ListingFailed("the response is not a list of models") from error


def _model(entry: _Entry) -> ListedModel:
    prices: dict[PriceUnit, Decimal] = {}
    unread: list[str] = []
    for price in _prices(entry):
        unit = _unit(price.unit)
        if unit is None or unit in prices or price.currency != "USD" or _is_too_fine(price.price):
            unread.append(_plain(f"{price.price:f} {price.currency} {price.unit}"))
        else:
            prices[unit] = price.price
    return ListedModel(id=_plain(entry.name), unit_prices=prices, unread=tuple(unread))


def _prices(entry: _Entry) -> Iterator[_Price]:
    for found in entry.properties:
        if found.get("property_id") == "price":
            try:
                yield from _Prices.model_validate(found).value
            except ValidationError as error:
                raise ListingFailed(f"the price of {_plain(entry.name)} is none") from error


def _unit(wording: str) -> PriceUnit | None:
    words = {_SYNONYMS.get(word, word) for word in re.findall(r"[a-z]+", wording.lower())}
    return _UNITS.get(frozenset(words - _IDLE_WORDS))


def _is_too_fine(dollars: Decimal) -> bool:
    try:
        nano_dollars(dollars)
    except ValueError:
        return True
    return False


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)[:_MAX_NAME_LENGTH]
