"""What clients are told of their allowance, and what becomes of one that is used up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gql_server.domain.clock import now
from gql_server.domain.principal import Role
from gql_server.settings import SettingsError, load_settings
from tests.support.clients import client_of
from tests.support.running_app import FLUX, RunningApp, running_app
from tests.support.subscriber import subscriber
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

BOUNDED: dict[str, Any] = {"allowance": 1000, "allowance_per_second": 1, "max_query_cost": 1000}
NEW_TYPE = "application/graphql-response+json"
VIEWER = "{ viewer { rateLimit { limit remaining refilledPerSecond cost resetsAt } } }"
PAGE = "query ($n: Int) { images(first: $n) { totalCount } }"


@pytest.fixture
async def bounded(tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with running_app(tmp_path, BOUNDED) as app:
        yield app


async def test_every_answer_reports_what_is_left(bounded: RunningApp) -> None:
    query = {"query": PAGE, "variables": {"n": 100}}
    response = await bounded.client.post("/graphql", json=query)
    cost = response.json()["extensions"]["cost"]
    resets_at = datetime.fromisoformat(cost["allowance"].pop("resetsAt"))
    assert cost == {
        "estimated": 100,
        "limit": 1000,
        "allowance": {"limit": 1000, "cost": 100, "remaining": 900},
    }
    assert 80 < (resets_at - now()).total_seconds() <= 100
    assert response.headers["ratelimit-policy"] == '"allowance";q=1000;w=1000'
    assert response.headers["ratelimit"] == '"allowance";r=900;t=100'
    assert "retry-after" not in response.headers
    shown = (await bounded.ask(VIEWER))["viewer"]["rateLimit"]
    assert abs((datetime.fromisoformat(shown.pop("resetsAt")) - resets_at).total_seconds()) < 5
    assert shown.pop("remaining") in range(898, 901)
    assert shown == {"limit": 1000, "refilledPerSecond": 1, "cost": 2}


async def test_what_is_not_run_spends_a_little_too(bounded: RunningApp) -> None:
    dear = (
        "{ images(first: 100) { edges { node { batch { images(first: 100) { totalCount } } } } } }"
    )
    for document in ("{ nothing }", "{", dear):
        response = await bounded.client.post("/graphql", json={"query": document})
        assert response.json()["errors"]
    assert response.headers["ratelimit"].startswith('"allowance";r=997;')


async def test_one_that_is_used_up_refuses_and_says_when_to_come_again(bounded: RunningApp) -> None:
    query = {"query": PAGE, "variables": {"n": 100}}
    for _ in range(10):
        response = await bounded.client.post("/graphql", json=query)
        assert "data" in response.json()
    for kind, status in ((NEW_TYPE, 429), ("application/json", 200)):
        response = await bounded.client.post("/graphql", json=query, headers={"accept": kind})
        assert (response.status_code, response.headers["content-type"].split(";")[0]) == (
            status,
            kind,
        )
        answer = response.json()
        (error,) = answer["errors"]
        seconds = error["extensions"].pop("retryAfter")
        assert error["extensions"] == {"code": "RATE_LIMITED", "limit": 1000}
        assert "data" not in answer
        assert 80 < seconds <= 101
        assert answer["extensions"]["cost"]["estimated"] == 100
        assert response.headers["retry-after"] == str(seconds)
        assert response.headers["ratelimit"].startswith('"allowance";r=')
    assert (await bounded.answer("{ __typename }"))["extensions"]["cost"]["estimated"] == 0


async def test_a_subscription_spends_by_event_and_is_refused_like_others(
    bounded: RunningApp,
) -> None:
    watch = "subscription { imageCreated { id } }"
    async with subscriber(bounded.settings.server_url) as client:
        await client.subscribe(watch, "watch")
        await client.subscribe(VIEWER, "before")
        before = (await client.next("before"))["viewer"]["rateLimit"]["remaining"]
        assert before in range(995, 999)
        await client.receive()
        for _ in range(2):
            image = await bounded.image()
            assert await client.next("watch") == {"imageCreated": {"id": image["id"]}}
        for number in range(10):
            await client.subscribe(PAGE, str(number), n=99)
            answer = await client.receive()
            if answer["type"] != "next":
                break
            await client.receive()
        assert number < 9  # the pictures were paid for, too
        assert answer["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    async with bounded.client.stream(
        "POST",
        "/graphql",
        json={"query": PAGE, "variables": {"n": 100}},
        headers={"accept": "text/event-stream"},
    ) as stream:
        assert stream.headers["ratelimit"].startswith('"allowance";r=')
        assert "retry-after" in stream.headers
        assert "RATE_LIMITED" in "".join([line async for line in stream.aiter_lines()])


async def test_events_are_paid_for_until_the_allowance_is_used_up(bounded: RunningApp) -> None:
    dear = " ".join(f"a{number}: model {{ parameters {{ name }} }}" for number in range(15))
    for accept in ("text/event-stream", "multipart/mixed;subscriptionSpec=1.0"):
        query = "subscription { imageCreated { id %s } }" % dear
        async with bounded.client.stream(
            "POST", "/graphql", json={"query": query}, headers={"accept": accept}
        ) as stream:
            making = asyncio.create_task(make_images(bounded))
            async with asyncio.timeout(WAIT_SECONDS):
                text = "".join([line async for line in stream.aiter_lines()])
            making.cancel()
            assert "RATE_LIMITED" in text
            assert text.count('"imageCreated"') < 30


async def test_images_of_a_batch_are_paid_for_over_both_apis(bounded: RunningApp) -> None:
    batch = {"prompts": ["A red fox"], "model": FLUX, "images_per_prompt": 8000}
    first, second = [await bounded.client.post("/api/batch/generate", json=batch) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 429)
    assert int(second.headers["retry-after"]) > 500
    estimate = """{ costEstimate(input: {batch: {model: "%s", imagesPerPrompt: 8000,
      pictures: {prompts: ["A red fox"]}}}) { estimate { cost } } }"""
    (error,) = (await bounded.answer(estimate % FLUX))["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"


async def make_images(app: RunningApp) -> None:
    """Make pictures over REST, where each spends 1."""
    while True:
        image_input = {"prompt": "A red fox in the snow", "model": FLUX}
        response = await app.client.post("/api/generate", json=image_input)
        assert response.status_code in {201, 429}


async def test_users_have_one_each_where_keys_are_required_and_no_one_else_has_one(
    tmp_path: Path, app: RunningApp
) -> None:
    assert (await app.ask(VIEWER))["viewer"]["rateLimit"] is None
    response = await app.client.post("/graphql", json={"query": VIEWER})
    assert "ratelimit" not in response.headers
    async with (
        running_app(tmp_path / "app_with_keys", {"auth": "keys"}) as app_with_keys,
        client_of(app_with_keys, "ann", Role.READER) as ann,
        client_of(app_with_keys, "bob", Role.READER) as bob,
    ):
        for _ in range(3):
            await ann.ask(PAGE, n=100)
        left = [(await one.ask(VIEWER))["viewer"]["rateLimit"] for one in (ann, bob)]
    assert [one["limit"] for one in left] == [1_000_000, 1_000_000]
    assert left[0]["remaining"] < left[1]["remaining"] == 1_000_000 - 2


def test_an_allowance_holds_any_operation_that_may_be_sent() -> None:
    with pytest.raises(SettingsError, match="ALLOWANCE"):
        load_settings(allowance=9_999)
    assert load_settings(allowance=0, auth="keys").allowance_size == 0
    assert load_settings(auth="keys").allowance_size == 1_000_000
    assert load_settings().allowance_size == 0
