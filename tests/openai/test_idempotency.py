"""The same request sent again with its key: each image is generated and charged once."""

import asyncio

import pytest

from tests.openai.calls import EDITS, GENERATIONS, SMALL, ask, error, events, send_form
from tests.support.running_app import RunningApp, png, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import error as provider_error

pytestmark = pytest.mark.anyio

KEY = {"Idempotency-Key": "order 42"}
COUNT = "{ images { totalCount } sourceImages { totalCount } }"


async def counts(user: RunningApp) -> tuple[int, int]:
    found = await user.ask(COUNT)
    return found["images"]["totalCount"], found["sourceImages"]["totalCount"]


async def test_a_repeated_request_returns_the_same_images(user: RunningApp) -> None:
    body = SMALL | {"n": 2}
    first = await ask(user, json=body, headers=KEY)
    other_form = body | {"response_format": "url"}
    again = await ask(user, json=other_form, headers={"Idempotency-Key": '"order 42"'})
    ids = [one["id"] for one in first["data"]]
    assert [one["id"] for one in again["data"]] == ids
    streamed = await user.client.post(GENERATIONS, json=body | {"stream": True}, headers=KEY)
    assert {event["id"] for _, event in events(streamed.text)} == set(ids)
    found = await error(user, GENERATIONS, 422, json=body | {"n": 1}, headers=KEY)
    assert (found["param"], found["code"]) == ("Idempotency-Key", "idempotency_key_reused")
    assert await counts(user) == (2, 0)


async def test_those_that_come_together_are_one(user: RunningApp) -> None:
    answers = await asyncio.gather(*(ask(user, json=SMALL, headers=KEY) for _ in range(4)))
    assert len({answer["data"][0]["id"] for answer in answers}) == 1


async def test_an_edit_stores_its_image_once(user: RunningApp) -> None:
    fields = SMALL | {"model": "gpt-image-1"}
    ids = set()
    for _ in range(2):
        response = await send_form(user, EDITS, fields, ("image", png(64, 64)), headers=KEY)
        ids.add(response.json()["data"][0]["id"])
    assert len(ids) == 1
    assert await counts(user) == (1, 1)
    other = await send_form(user, EDITS, fields, ("image", png(65, 64)), headers=KEY)
    assert other.status_code == 422


@pytest.mark.parametrize("key", ["", "k" * 256, "clé-1"])
async def test_a_key_that_is_none_is_refused(user: RunningApp, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode())]
    found = await error(user, GENERATIONS, 400, json=SMALL, headers=headers)
    assert found["param"] == "Idempotency-Key"


async def test_a_repeated_request_generates_only_what_failed(
    tmp_path_factory: pytest.TempPathFactory, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | {"workers_ai_max_attempts": 1}
    async with running_app(tmp_path_factory.mktemp("again"), settings) as app:
        fake_workers_ai.next(provider_error(3040, 429))
        first = await ask(app, json=SMALL | {"n": 3}, headers=KEY)
        assert (len(first["data"]), len(first["errors"])) == (2, 1)
        second = await ask(app, json=SMALL | {"n": 3}, headers=KEY)
        assert len(second["data"]) == 3
        assert {one["id"] for one in first["data"]} < {one["id"] for one in second["data"]}
        assert len(fake_workers_ai.requests) == 4


async def test_what_is_not_ready_in_time_is_found_by_its_key(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with running_app(tmp_path_factory.mktemp("late"), {"request_deadline": 0.3}) as app:
        slow = SMALL | {"prompt": "[preview:slow 1]"}
        for headers, should_retry in (({}, "false"), (KEY, "true")):
            response = await app.client.post(GENERATIONS, json=slow, headers=headers)
            assert response.status_code == 504, response.text
            assert response.json()["error"]["code"] == "generation_pending"
            assert response.headers["x-should-retry"] == should_retry
            assert response.headers["location"].startswith("/api/images/img_")
        async with asyncio.timeout(30):
            while (again := await app.client.post(GENERATIONS, json=slow, headers=KEY)).is_error:
                assert again.json()["error"]["code"] == "idempotency_in_progress", again.text
                assert again.status_code == 409
        assert again.json()["data"][0]["id"] == response.headers["location"].rpartition("/")[2]


async def test_an_image_that_will_be_charged_is_reported_before_one_that_failed(
    tmp_path_factory: pytest.TempPathFactory, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | {"request_deadline": 1}
    fake_workers_ai.latency = 3
    async with running_app(tmp_path_factory.mktemp("both"), settings) as app:
        fake_workers_ai.next(provider_error(5006, 400))
        response = await app.client.post(GENERATIONS, json=SMALL | {"n": 2})
    assert response.status_code == 504, response.text
    assert response.headers["x-should-retry"] == "false"
