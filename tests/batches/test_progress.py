"""Watchers of batches: each item once, whoever comes back, and the end."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from gql_server.database.records.images import PartialImage
from gql_server.generation.images import get_images
from tests.batches.conftest import BatchHarness
from tests.support.subscriber import Subscriber, subscriber
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import daily_allocation_used, prompt_refused

pytestmark = pytest.mark.anyio

PROGRESS = """subscription P($id: ID!, $after: Int! = 0) { batchProgress(id: $id, after: $after) {
  sequence
  batch { status total queued running succeeded failed canceled progress cost sequence }
  finishedItems { index status sequence image { id } error { message } } } }"""


@asynccontextmanager
async def watching(
    harness: BatchHarness, batch_id: str, after: int = 0
) -> AsyncIterator[Subscriber]:
    async with subscriber(harness.app.settings.server_url) as client:
        await client.subscribe(PROGRESS, id=batch_id, after=after)
        yield client


async def until_end(client: Subscriber) -> list[dict[str, Any]]:
    """Return every update until the server says that it was the last."""
    updates: list[dict[str, Any]] = []
    while True:
        message = await client.receive()
        if message["type"] == "complete":
            return updates
        update = message["payload"]["data"]["batchProgress"]
        batch = update["batch"]
        states = ("queued", "running", "succeeded", "failed", "canceled")
        assert sum(batch[state] for state in states) == batch["total"]
        ended = batch["succeeded"] + batch["failed"] + batch["canceled"]
        assert ended == batch["sequence"] >= update["sequence"]
        updates.append(update)


def sequences(updates: list[dict[str, Any]]) -> list[int]:
    return [item["sequence"] for update in updates for item in update["finishedItems"]]


async def test_every_item_is_reported_once_and_the_stream_ends(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(prompt_refused())
    batch_id = await harness.batch(30)
    async with watching(harness, batch_id) as client:
        first = await client.next()
        assert first["batchProgress"]["sequence"] == 0
        assert first["batchProgress"]["batch"]["status"] == "QUEUED"
        work = asyncio.create_task(harness.work_on(batch_id))
        updates = await until_end(client)
        await work
    assert sequences(updates) == list(range(1, 31))
    last = updates[-1]
    assert (last["sequence"], last["batch"]["status"]) == (30, "PARTIALLY_FAILED")
    items = [item for update in updates for item in update["finishedItems"]]
    assert sorted(item["index"] for item in items) == list(range(30))
    assert sum(item["image"] is not None for item in items) == 29
    assert sum(item["error"] is not None for item in items) == 1


async def test_images_are_read_once_for_all_who_watch(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    async def reads(*given: Any, **named: Any) -> Mapping[str, PartialImage]:
        read.extend(given[2])
        return await get_images(*given, **named)

    monkeypatch.setattr("gql_server.api.loaders.get_images", reads)
    batch_id = await harness.batch(5)
    async with watching(harness, batch_id) as first, watching(harness, batch_id) as second:
        for client in (first, second):
            await client.next()
        work = asyncio.create_task(harness.work_on(batch_id))
        for updates in await asyncio.gather(until_end(first), until_end(second)):
            items = [item for update in updates for item in update["finishedItems"]]
            assert [item["image"] is not None for item in items] == [True] * 5
        await work
    assert read == []
    monkeypatch.setattr("gql_server.api.batches.subscriptions._PRESENT", timedelta())
    async with watching(harness, batch_id) as client:  # whose images may have changed meanwhile
        await until_end(client)
    assert len(read) == 5


async def test_one_who_comes_back_receives_what_came_later(harness: BatchHarness) -> None:
    batch_id = await harness.batch(25)
    await harness.work.run(harness.run(batch_id, 0))
    async with watching(harness, batch_id, after=7) as client:
        update = (await client.next())["batchProgress"]
    assert sequences([update]) == list(range(8, 21))
    assert update["sequence"] == 20
    await harness.work.run(harness.run(batch_id, 1))
    async with watching(harness, batch_id, after=20) as client:
        assert sequences(await until_end(client)) == list(range(21, 26))
    async with watching(harness, batch_id, after=25) as client:
        (update,) = await until_end(client)
    assert (update["finishedItems"], update["batch"]["status"]) == ([], "SUCCEEDED")


FINISHED = """query ($id: ID!, $after: Int!) { batch(id: $id) {
  finishedItems(after: $after) { sequence status image { id } } } }"""


async def test_one_who_polls_receives_each_item_once(harness: BatchHarness) -> None:
    batch_id = await harness.batch(130)
    await harness.work_on(batch_id)
    pages: list[list[dict[str, Any]]] = []
    after = 0
    while not pages or pages[-1]:
        data = await harness.app.ask(FINISHED, id=batch_id, after=after)
        pages.append(data["batch"]["finishedItems"])
        after = pages[-1][-1]["sequence"] if pages[-1] else after
    assert [len(page) for page in pages] == [100, 30, 0]
    items = [item for page in pages for item in page]
    assert [item["sequence"] for item in items] == list(range(1, 131))
    assert len({item["image"]["id"] for item in items}) == 130
    for wrong in (-1, 131):
        answer = await harness.app.answer(FINISHED, id=batch_id, after=wrong)
        assert "after must be from 0 to 130" in answer["errors"][0]["message"]


async def test_what_is_canceled_together_is_reported_together(harness: BatchHarness) -> None:
    batch_id = await harness.batch(600)
    async with watching(harness, batch_id) as client:
        await client.next()
        await harness.change("cancelBatch", batch_id)
        updates = await until_end(client)
    assert sequences(updates) == list(range(1, 601))
    assert updates[-1]["batch"]["status"] == "CANCELED"


@pytest.mark.parametrize(
    ("batch_id", "after", "words"),
    [("bat_nothing", 0, "no batch"), ("", 1, "from 0 to 0"), ("", -1, "from 0 to 0")],
)
async def test_what_cannot_be_watched_is_an_error_and_not_silence(
    harness: BatchHarness, batch_id: str, after: int, words: str
) -> None:
    batch_id = batch_id or await harness.batch(1)
    async with watching(harness, batch_id, after) as client:
        message = await client.receive()
    assert message["type"] == "error"
    assert words in message["payload"][0]["message"]
    assert message["payload"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_a_pause_and_its_end_are_reported(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(1)
    fake_workers_ai.next(daily_allocation_used())
    async with watching(harness, batch_id) as client:
        await client.next()
        await harness.work_on(batch_id)
        while (await client.next())["batchProgress"]["batch"]["status"] != "PAUSED":
            pass
        await harness.change("resumeBatch", batch_id)
        work = asyncio.create_task(harness.work_on(batch_id))
        updates = await until_end(client)
        await work
    assert updates[-1]["batch"]["status"] == "SUCCEEDED"
