"""Batches that are canceled, paused, resumed and retried."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from gql_server.batches import sweep as module
from gql_server.batches.slice_runner import SliceRunner
from gql_server.batches.sweep import sweep_batches
from gql_server.database.queries.batches import lock_batch, set_batch
from gql_server.domain.clock import now
from tests.batches.conftest import BatchHarness
from tests.support.clock import step_clock
from tests.support.waiting import until
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    daily_allocation_used,
    error,
    prompt_refused,
    slow,
)

pytestmark = pytest.mark.anyio


def conflicts(payload: dict[str, Any]) -> list[str]:
    return [error["__typename"] for error in payload["userErrors"]]


async def test_canceling_ends_what_has_not_started_at_once(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(30)
    payload = await harness.change("cancelBatch", batch_id)
    assert payload["userErrors"] == []
    assert (payload["batch"]["status"], payload["batch"]["canceled"]) == ("CANCELED", 30)
    assert payload["batch"]["estimatedCost"] == 0
    assert payload["batch"]["finishedAt"] is not None
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert [item["sequence"] for item in batch["items"]] == list(range(1, 31))
    assert fake_workers_ai.requests == []


async def test_canceling_lets_what_runs_end_and_be_kept(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(20)
    with fake_workers_ai.held():
        work = asyncio.create_task(harness.work_on(batch_id))
        await until(lambda: len(fake_workers_ai.requests) == 16)
        payload = await harness.change("cancelBatch", batch_id)
        assert payload["batch"]["status"] == "CANCELING"
        assert payload["batch"]["canceled"] + payload["batch"]["running"] == 20
        assert (await harness.change("cancelBatch", batch_id))["userErrors"] == []
        while (await harness.read(batch_id))["canceled"] < 4:
            await asyncio.sleep(0.01)
    await work
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["succeeded"], batch["canceled"]) == ("CANCELED", 16, 4)
    assert batch["cost"] == batch["estimatedCost"] == 0.16
    again = await harness.change("cancelBatch", batch_id)
    assert (again["userErrors"], again["batch"]["status"]) == ([], "CANCELED")


async def test_a_batch_that_has_ended_cannot_be_canceled(harness: BatchHarness) -> None:
    batch_id = await harness.batch(1)
    await harness.work_on(batch_id)
    assert conflicts(await harness.change("cancelBatch", batch_id)) == ["BatchConflict"]
    for mutation in ("cancelBatch", "resumeBatch", "retryBatch"):
        assert conflicts(await harness.change(mutation, "bat_nothing")) == ["BatchNotFound"]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (daily_allocation_used(), "DAILY_ALLOCATION_USED"),
        (error(10000, 401), "PROVIDER_REFUSED_SERVER"),
    ],
)
async def test_a_batch_waits_where_no_item_could_be_made_and_continues(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, trouble: Any, reason: str
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=4)
    batch_id = await harness.batch(20)
    fake_workers_ai.always = trouble
    await harness.work_on(batch_id)
    paused = await harness.read(batch_id)
    assert (paused["status"], paused["pausedReason"]) == ("PAUSED", reason)
    assert (paused["queued"], paused["failed"]) == (20, 0)
    assert paused["resumesAt"] > paused["createdAt"]
    assert paused["estimatedFinishAt"] is None
    calls = len(fake_workers_ai.requests)
    assert calls <= 5  # what was begun when the first was refused
    await harness.work_on(batch_id)
    assert len(fake_workers_ai.requests) == calls
    fake_workers_ai.reset()
    resumed = await harness.change("resumeBatch", batch_id)
    assert resumed["userErrors"] == []
    shown = resumed["batch"]
    assert (shown["status"], shown["pausedReason"], shown["resumesAt"]) == ("RUNNING", None, None)
    assert conflicts(await harness.change("resumeBatch", batch_id)) == ["BatchConflict"]
    await harness.work_on(batch_id)
    assert (await harness.read(batch_id))["status"] == "SUCCEEDED"


async def test_what_is_paused_is_canceled_whole(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(3)
    fake_workers_ai.always = daily_allocation_used()
    await harness.work_on(batch_id)
    canceled = (await harness.change("cancelBatch", batch_id))["batch"]
    assert (canceled["status"], canceled["canceled"]) == ("CANCELED", 3)
    assert canceled["pausedReason"] is None


async def test_an_item_that_would_pause_a_canceled_batch_ends_with_it(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(1)
    fake_workers_ai.next(slow(0.5, daily_allocation_used()))
    work = asyncio.create_task(harness.work_on(batch_id))
    while not fake_workers_ai.requests:
        await asyncio.sleep(0.01)
    assert (await harness.change("cancelBatch", batch_id))["batch"]["running"] == 1
    await work
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["canceled"]) == ("CANCELED", 1)


async def test_a_night_of_waiting_does_not_count_as_work(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(40)
    await harness.work.run(harness.run(batch_id, 0))
    fake_workers_ai.always = daily_allocation_used()
    for _ in range(2):
        await harness.work.run(harness.run(batch_id, 1))
        assert (await harness.read(batch_id))["status"] == "PAUSED"
        night = timedelta(hours=8)
        async with harness.services.database.write() as connection:
            row = await lock_batch(connection, batch_id)
            assert row is not None
            moments = {
                "started_at": row.started_at,
                "working_since": row.working_since,
                "paused_at": row.paused_at,
            }
            earlier = {name: at - night for name, at in moments.items() if at is not None}
            await set_batch(connection, batch_id, earlier)
        await harness.change("resumeBatch", batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["succeeded"]) == ("RUNNING", 20)
    finish = datetime.fromisoformat(batch["estimatedFinishAt"])
    assert timedelta() < finish - now() < timedelta(minutes=10)


async def test_a_paused_batch_continues_by_itself_when_its_time_has_come(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(2)
    fake_workers_ai.always = daily_allocation_used()
    await harness.work_on(batch_id)
    await sweep_batches(harness.services)
    assert (await harness.read(batch_id))["status"] == "PAUSED"
    async with harness.services.database.write() as connection:
        await set_batch(connection, batch_id, {"resumes_at": now() - timedelta(seconds=1)})
    await sweep_batches(harness.services)
    assert (await harness.read(batch_id))["status"] == "RUNNING"
    assert await harness.services.jobs.has_unended(f"{batch_id}.1.")


async def test_a_batch_does_not_wait_for_a_clock_that_stepped_back(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    paused, unenqueued = await harness.batch(2), await harness.batch(2)
    fake_workers_ai.always = daily_allocation_used()
    await harness.work_on(paused)
    async with harness.services.database.write() as connection:
        await set_batch(connection, unenqueued, {"round": 7})
    await step_clock(harness.services.database, timedelta(days=-365))
    await sweep_batches(harness.services)
    assert (await harness.read(paused))["status"] == "RUNNING"
    assert await harness.services.jobs.has_unended(f"{paused}.1.")
    assert await harness.services.jobs.has_unended(f"{unenqueued}.8.")


async def test_one_item_is_tried_before_a_batch_continues_by_itself(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(50)
    fake_workers_ai.always = error(10000, 401)
    await harness.work_on(batch_id)

    async def calls_of_the_probe() -> int:
        async with harness.services.database.write() as connection:
            await set_batch(connection, batch_id, {"resumes_at": now() - timedelta(seconds=1)})
        await sweep_batches(harness.services)
        before = len(fake_workers_ai.requests)
        await harness.work.run(harness.probe(batch_id))
        return len(fake_workers_ai.requests) - before

    assert await calls_of_the_probe() == 1
    assert (await harness.read(batch_id))["status"] == "PAUSED"
    assert await harness.services.jobs.has_unended(f"{batch_id}.1.0")
    assert not await harness.services.jobs.has_unended(f"{batch_id}.1.1")
    fake_workers_ai.always = None
    assert await calls_of_the_probe() == 20
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["succeeded"]) == ("RUNNING", 20)
    for number in range(3):
        assert await harness.services.jobs.has_unended(f"{batch_id}.2.{number}")


async def test_a_batch_that_a_crash_left_without_jobs_gets_them(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await harness.batch(2)
    monkeypatch.setattr(module, "_SETTLED", timedelta(seconds=-1))
    await sweep_batches(harness.services)
    assert not await harness.services.jobs.has_unended(f"{batch_id}.1.")
    async with harness.services.database.write() as connection:
        await set_batch(connection, batch_id, {"round": 7})
    await sweep_batches(harness.services)
    assert await harness.services.jobs.has_unended(f"{batch_id}.8.")


async def test_a_retry_asks_for_what_failed_in_a_batch_of_its_own(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(4, steps=2)
    assert conflicts(await harness.change("retryBatch", batch_id)) == ["BatchConflict"]
    fake_workers_ai.next(prompt_refused())
    await harness.work_on(batch_id)
    payload = await harness.change("retryBatch", batch_id)
    assert payload["userErrors"] == []
    retry = payload["batch"]
    assert (retry["total"], retry["retryOf"]) == (1, {"id": batch_id})
    await harness.work_on(retry["id"])
    old, new = await harness.read(batch_id), await harness.read(retry["id"])
    (failed,) = [item for item in old["items"] if item["status"] == "FAILED"]
    assert (new["status"], new["items"][0]["prompt"]) == ("SUCCEEDED", failed["prompt"])
    assert conflicts(await harness.change("retryBatch", retry["id"])) == ["BatchConflict"]


async def test_batches_are_listed_by_where_they_stand(harness: BatchHarness) -> None:
    first, second = await harness.batch(1), await harness.batch(1)
    await harness.work_on(first)
    query = """query L($status: [BatchStatus!]) { batches(filter: {status: $status}) {
        totalCount edges { node { id } } } }"""
    for status, ids in (
        (None, [second, first]),
        (["SUCCEEDED"], [first]),
        (["QUEUED", "RUNNING"], [second]),
        (["PAUSED"], []),
    ):
        found = (await harness.app.ask(query, status=status))["batches"]
        assert [edge["node"]["id"] for edge in found["edges"]] == ids
        assert found["totalCount"] == len(ids)


async def test_items_are_paged_in_their_order_and_found_by_id(harness: BatchHarness) -> None:
    batch_id = await harness.batch(5)
    query = """query P($id: ID!, $first: Int, $after: String, $last: Int) { batch(id: $id) {
        items(first: $first, after: $after, last: $last) { totalCount
          pageInfo { hasNextPage endCursor } edges { node { id index } } } } }"""
    page = (await harness.app.ask(query, id=batch_id, first=2))["batch"]["items"]
    assert [edge["node"]["index"] for edge in page["edges"]] == [0, 1]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (5, True)
    after = page["pageInfo"]["endCursor"]
    page = (await harness.app.ask(query, id=batch_id, first=9, after=after))["batch"]["items"]
    assert [edge["node"]["index"] for edge in page["edges"]] == [2, 3, 4]
    page = (await harness.app.ask(query, id=batch_id, last=1))["batch"]["items"]
    (edge,) = page["edges"]
    found = await harness.app.ask(
        "query N($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }",
        ids=[edge["node"]["id"], batch_id],
    )
    assert [node["__typename"] for node in found["nodes"]] == ["BatchItem", "Batch"]


async def test_an_item_that_is_put_back_while_its_batch_is_canceled_ends_with_it(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await harness.batch(2)
    async with harness.services.database.write() as connection:
        await set_batch(connection, batch_id, {"status": "canceling"})
    monkeypatch.setattr(module, "_SETTLED", timedelta(seconds=-1))
    async with harness.services.database.write() as connection:
        await set_batch(connection, batch_id, {"round": 3})  # one that has no jobs
    await sweep_batches(harness.services)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["canceled"]) == ("CANCELED", 2)
