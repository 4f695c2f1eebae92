from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.model import PriceUnit
from gql_server.inference.workers_ai.listing import ListedModel, fetch_listing
from gql_server.inference.workers_ai.listing_calls import ListingFailed
from tests.support.process import free_port
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Reply, failure, success
from tests.support.workers_ai_models import MODELS

pytestmark = pytest.mark.anyio

FLUX = "@cf/black-forest-labs/flux-1-schnell"


async def listing(fake_workers_ai: FakeWorkersAI, **changes: Any) -> dict[str, ListedModel]:
    chosen = {
        "account_id": fake_workers_ai.account_id,
        "api_token": fake_workers_ai.token,
        "base_url": fake_workers_ai.base_url,
    } | changes
    return {model.id: model for model in await fetch_listing(**chosen)}


@pytest.mark.parametrize("page_size", [100, 4, 11])
async def test_every_model_is_listed_with_the_prices_that_the_catalogue_has(
    fake_workers_ai: FakeWorkersAI, page_size: int
) -> None:
    listed = await listing(fake_workers_ai, page_size=page_size)
    assert {
        model.id: {price.unit: price.dollars for price in model.prices}
        for model in load_catalogue().models
        if model.id.startswith("@cf/")
    } == {model.id: model.unit_prices for model in listed.values()}
    assert not any(model.unread for model in listed.values())


@pytest.mark.parametrize(
    ("words", "dollars", "expected"),
    [
        ("per step", 0.00012, {PriceUnit.STEP: Decimal("0.00012")}),
        ("Per Steps", "0.00000001", {PriceUnit.STEP: Decimal("0.00000001")}),
        ("per additional megapixel", 1, {PriceUnit.FURTHER_MEGAPIXEL: Decimal(1)}),
        ("per second of video", 0.1, "0.1 USD per second of video"),
        ("per megapixel", 0.1, "0.1 USD per megapixel"),
        ("per step", 1e-10, "0.0000000001 USD per step"),
        ("per \x1b[31m tile, cached", 2, "2 USD per  [31m tile, cached"),
    ],
)
async def test_a_unit_is_read_from_its_words_and_never_guessed(
    fake_workers_ai: FakeWorkersAI, words: str, dollars: object, expected: object
) -> None:
    price = {"unit": words, "price": dollars, "currency": "USD"}
    entry = {"name": FLUX, "properties": [{"property_id": "price", "value": [price]}]}
    fake_workers_ai.search_reply = success([entry])
    model = (await listing(fake_workers_ai))[FLUX]
    assert expected in (model.unit_prices, *model.unread)


async def test_another_currency_and_a_unit_named_twice_are_not_read(
    fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = (("per step", 0.1), ("per step", 0.2))
    monkeypatch.setitem(MODELS, FLUX, replace(MODELS[FLUX], price=twice))
    assert (await listing(fake_workers_ai))[FLUX].unread == ("0.2 USD per step",)
    euros = {"unit": "per step", "price": 0.1, "currency": "EUR"}
    entry = {"name": FLUX, "properties": [{"property_id": "price", "value": [euros]}]}
    fake_workers_ai.search_reply = success([entry])
    assert (await listing(fake_workers_ai))[FLUX].unread == ("0.1 EUR per step",)


@pytest.mark.parametrize(
    ("reply", "message", "is_refusal"),
    [
        (failure(10000, 401, "Authentication error"), "401", True),
        (failure(10000, 403, "no {token} of {account}"), "no [hidden] of [hidden]", True),
        (failure(None, 503), "503", False),
        (Reply(body=b"<html>", content_type="text/html"), "not a list of models", False),
        (Reply(body=b"", status=302, headers={"Location": "/"}), "302", False),
        (success([]), "no model", False),
        (success({"models": []}), "not a list of models", False),
        (success([{"name": 7}]), "not a list of models", False),
        (
            success([{"name": FLUX, "properties": [{"property_id": "price", "value": "free"}]}]),
            f"price of {FLUX}",
            False,
        ),
        (
            success(
                [
                    {
                        "name": FLUX,
                        "properties": [
                            {"property_id": "price", "value": [{"unit": "per step", "price": -1}]}
                        ],
                    }
                ]
            ),
            f"price of {FLUX}",
            False,
        ),
    ],
)
async def test_an_error_is_reported_without_secrets(
    fake_workers_ai: FakeWorkersAI,
    reply: Reply,
    message: str,
    is_refusal: bool,  # noqa: FBT001 - a column of the table
) -> None:
    body = reply.body.replace(b"{token}", fake_workers_ai.token.encode())
    fake_workers_ai.search_reply = replace(
        reply, body=body.replace(b"{account}", fake_workers_ai.account_id.encode())
    )
    with pytest.raises(ListingFailed) as caught:
        await listing(fake_workers_ai)
    assert message in str(caught.value)
    assert caught.value.is_refusal is is_refusal
    assert fake_workers_ai.token not in str(caught.value)
    assert fake_workers_ai.account_id not in str(caught.value)


async def test_a_service_out_of_reach_and_a_gateway_are_reported(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    with pytest.raises(ListingFailed, match="cannot be reached: ConnectError"):
        await listing(fake_workers_ai, base_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ListingFailed, match="an AI Gateway has no list"):
        await listing(fake_workers_ai, base_url=fake_workers_ai.gateway_base_url)
    with pytest.raises(ListingFailed, match="403"):
        await listing(fake_workers_ai, api_token="another")
