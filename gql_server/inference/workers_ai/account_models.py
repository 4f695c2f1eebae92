"""The image models that Cloudflare lists for an account, with the schemas of their inputs.

There are two lists: ``models/search`` has the models that Cloudflare hosts itself,
``catalog/models`` those of other providers. Cloudflare's API reference documents the first alone:
https://developers.cloudflare.com/api/resources/ai/subresources/models/. The second is the source
of the models' pages at https://developers.cloudflare.com/ai/models/; where an account has none,
the first is read alone.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from gql_server.inference.workers_ai.listing_calls import (
    ListingCalls,
    ListingFailed,
    open_listing,
    plain,
)

HOSTED: Final = "@cf/"
"""What the names of Cloudflare's own models begin with."""

_TASKS: Final = ("Text-to-Image", "Image-to-Image")
_PAGE_SIZE: Final = 50
_MAX_PAGES: Final = 50
_SCHEMAS_AT_ONCE: Final = 4
_NO_LIST: Final = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}

Schema = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountModel:
    """A model as Cloudflare lists it.

    Attributes:
        id: Its name.
        prices: Its prices in Cloudflare's words.
        ends_on: When Cloudflare stops it, if that is planned.
        is_deprecated: Whether Cloudflare calls it deprecated.
        schema: The JSON Schema of its input; None where none is given.
    """

    id: str
    prices: tuple[str, ...] = ()
    ends_on: date | None = None
    is_deprecated: bool = False
    schema: Schema | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountModels:
    """What an account can run.

    Attributes:
        models: The models that make images, by ID.
        has_other_providers: Whether models of other providers are listed at all.
    """

    models: Mapping[str, AccountModel]
    has_other_providers: bool


class _Task(BaseModel):
    name: str = ""


class _Property(BaseModel):
    property_id: str
    value: Any = None


class _HostedEntry(BaseModel):
    name: str = Field(min_length=1)
    task: _Task = Field(default_factory=_Task)
    properties: list[_Property] = []
    deprecated: bool | None = None


class _Schemas(BaseModel):
    input: dict[str, Any] | None = None


class _CatalogEntry(BaseModel):
    model_id: str = Field(min_length=1)
    task: str | None = None
    pricing: dict[str, Any] | None = None
    deprecated: bool | None = None
    planned_deprecation_date: str | None = None
    # ``schema`` is a method of pydantic's.
    schemas: _Schemas | None = Field(default=None, alias="schema")


class _OtherSchema(BaseModel):
    schemas: _Schemas | None = Field(default=None, alias="schema")


async def fetch_account_models(
    *, account_id: str, api_token: str, base_url: str, known: Collection[str]
) -> AccountModels:
    """Read the image models of an account, and the schemas of those that are known.

    Raises:
        ListingFailed: The service cannot be reached, refuses, or answers with something else.
    """
    async with open_listing(account_id=account_id, api_token=api_token, base_url=base_url) as calls:
        hosted = await _pages(calls, "/models/search", list[_HostedEntry])
        models = {one.id: one for one in map(_hosted, hosted) if one is not None}
        others = await _others(calls, known)
        models |= others
        if not models:
            raise ListingFailed("the answer lists no model that makes images")
        without = [one for one in models.values() if one.id in known and one.schema is None]
        slots = asyncio.Semaphore(_SCHEMAS_AT_ONCE)
        found = await asyncio.gather(*(_with_schema(calls, slots, one) for one in without))
        models |= {one.id: one for one in found}
    is_other = (not model_id.startswith(HOSTED) for model_id in models)
    return AccountModels(models=models, has_other_providers=any(is_other))


async def _pages(calls: ListingCalls, path: str, form: type[list[T]]) -> Sequence[T]:
    entries: list[T] = []
    for page in range(1, _MAX_PAGES + 1):
        body = await calls.get(path, {"per_page": _PAGE_SIZE, "page": page})
        found = _result(body, form)
        entries += found
        if len(found) < _PAGE_SIZE:
            break
    return entries


async def _others(calls: ListingCalls, known: Collection[str]) -> dict[str, AccountModel]:
    try:
        entries = await _pages(calls, "/catalog/models", list[_CatalogEntry])
    except ListingFailed as error:
        if error.status in _NO_LIST:
            return {}
        raise
    return {
        plain(one.model_id): AccountModel(
            id=plain(one.model_id),
            prices=tuple(
                plain(f"{price} USD {words}") for words, price in (one.pricing or {}).items()
            ),
            ends_on=_date(one.planned_deprecation_date),
            is_deprecated=bool(one.deprecated),
            schema=one.schemas.input if one.schemas is not None else None,
        )
        for one in entries
        if one.task in _TASKS or one.model_id in known
    }


def _hosted(entry: _HostedEntry) -> AccountModel | None:
    if entry.task.name not in _TASKS:
        return None
    values = {one.property_id: one.value for one in entry.properties}
    listed = values.get("price")
    prices = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return AccountModel(
        id=plain(entry.name),
        prices=tuple(plain(f"{one.get('price')} USD {one.get('unit')}") for one in prices),
        ends_on=_date(values.get("planned_deprecation_date")),
        is_deprecated=bool(entry.deprecated),
    )


async def _with_schema(
    calls: ListingCalls, slots: asyncio.Semaphore, model: AccountModel
) -> AccountModel:
    """Return a model with the schema of its input; without one where the service has none."""
    async with slots:
        try:
            if model.id.startswith(HOSTED):
                body = await calls.get("/models/schema", {"model": model.id})
                return replace(model, schema=_result(body, _Schemas).input)
            body = await calls.get(f"/catalog/models/{quote(model.id)}/schema")
        except ListingFailed as error:
            if error.status in _NO_LIST:
                return model
            raise
    found = _result(body, _OtherSchema).schemas
    return model if found is None else replace(model, schema=found.input)


def _result(body: bytes, form: type[T]) -> T:
    try:
        document = TypeAdapter(dict[str, Any]).validate_json(body)
        return TypeAdapter(form).validate_python(document.get("result"))
    except ValidationError as error:
        raise ListingFailed("the response is not a list of models, or a schema") from error


def _date(value: object) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None
