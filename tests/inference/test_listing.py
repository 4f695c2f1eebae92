from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.model import PriceUnit
from gql_server.inference.workers_ai.listing import ListedModel, ListingFailed, fetch_listing
from tests.support.process import free_port
from tests.support.workers_ai_app import WorkersAIStandin
from tests.support.workers_ai_behaviours import Reply, failure, success
from tests.support.workers_ai_models import MODELS

pytestmark = pytest.mark.anyio

FLUX = "@cf/black-forest-labs/flux-1-schnell"


async def listing(standin: WorkersAIStandin, **changes: Any) -> dict[str, ListedModel]:
    chosen = {
        "account_id": standin.account_id,
        "api_token": standin.token,
        "base_url": standin.base_url,
    } | changes
    return {model.id: model for model in await fetch_listing(**chosen)}


@pytest.mark.parametrize("page_size", [100, 4, 11])
async def test_every_model_is_listed_with_the_prices_that_the_catalogue_has(
    standin: WorkersAIStandin, page_size: int
) -> None:
    listed = await listing(standin, page_size=page_size)
    assert {
        model.id: {price.unit: price.dollars for price in model.prices}
        for model in load_catalogue().models
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
async def test_a_unit_is_told_by_its_words_and_never_guessed(
    standin: WorkersAIStandin, words: str, dollars: object, expected: object
) -> None:
    price = {"unit": words, "price": dollars, "currency": "USD"}
    entry = {"name": FLUX, "properties": [{"property_id": "price", "value": [price]}]}
    standin.search_reply = success([entry])
    model = (await listing(standin))[FLUX]
    assert expected in (model.unit_prices, *model.unread)


async def test_another_currency_and_a_unit_named_twice_are_not_read(
    standin: WorkersAIStandin, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = (("per step", 0.1), ("per step", 0.2))
    monkeypatch.setitem(MODELS, FLUX, replace(MODELS[FLUX], price=twice))
    assert (await listing(standin))[FLUX].unread == ("0.2 USD per step",)
    euros = {"unit": "per step", "price": 0.1, "currency": "EUR"}
    entry = {"name": FLUX, "properties": [{"property_id": "price", "value": [euros]}]}
    standin.search_reply = success([entry])
    assert (await listing(standin))[FLUX].unread == ("0.1 EUR per step",)


@pytest.mark.parametrize(
    ("reply", "told", "is_refusal"),
    [
        (failure(10000, 401, "Authentication error"), "401", True),
        (failure(10000, 403, "no {token} of {account}"), "no [hidden] of [hidden]", True),
        (failure(None, 503), "503", False),
        (Reply(body=b"<html>", content_type="text/html"), "no list of models", False),
        (Reply(body=b"", status=302, headers={"Location": "/"}), "302", False),
        (success([]), "no model", False),
        (success({"models": []}), "no list of models", False),
        (success([{"name": 7}]), "no list of models", False),
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
async def test_a_fault_is_told_without_secrets(
    standin: WorkersAIStandin,
    reply: Reply,
    told: str,
    is_refusal: bool,  # noqa: FBT001 - a column of the table
) -> None:
    body = reply.body.replace(b"{token}", standin.token.encode())
    standin.search_reply = replace(
        reply, body=body.replace(b"{account}", standin.account_id.encode())
    )
    with pytest.raises(ListingFailed) as caught:
        await listing(standin)
    assert told in str(caught.value)
    assert caught.value.is_refusal is is_refusal
    assert standin.token not in str(caught.value)
    assert standin.account_id not in str(caught.value)


async def test_a_service_out_of_reach_and_a_gateway_are_told(standin: WorkersAIStandin) -> None:
    with pytest.raises(ListingFailed, match="cannot be reached: ConnectError"):
        await listing(standin, base_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ListingFailed, match="an AI Gateway has no list"):
        await listing(standin, base_url=standin.gateway_base_url)
    with pytest.raises(ListingFailed, match="403"):
        await listing(standin, api_token="another")
