"""Items whose images were generated and cannot be fetched: they hold up nothing for long."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from gql_server.batches.fair_semaphore import FairSemaphore
from gql_server.batches.item_runner import ItemRunner
from gql_server.batches.slice_runner import SliceRunner
from gql_server.batches.sweep import sweep_batches
from gql_server.database.queries.batch_items import has_work_now, items_to_do
from gql_server.database.records.batches import BatchRecord
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.domain.clock import now
from gql_server.inference.workers_ai.client import WorkersAI
from gql_server.processes.lease import ProcessLease
from tests.batches.conftest import BatchHarness
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Reply

pytestmark = pytest.mark.anyio

WAN = "alibaba/wan-2.6-image"
DOWN = Reply(body=b"", status=503)


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {**(WorkersAI.__init__.__kwdefaults__ or {}), "fetch_waits": ()}
    monkeypatch.setattr(WorkersAI.__init__, "__kwdefaults__", chosen)


async def remembered(harness: BatchHarness) -> int:
    async with harness.services.database.read() as connection:
        found = await connection.execute(select(func.count()).select_from(RemoteImageRow))
    return int(found.scalar_one())


async def test_an_image_is_fetched_again_and_paid_once(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=1, fetch_waits=(0.01, 0.01))
    fake_workers_ai.file_replies.extend([DOWN] * 2)
    batch_id = await harness.batch(1, model=WAN)
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["cost"]) == ("SUCCEEDED", 0.03)
    assert len(fake_workers_ai.requests) == 1


async def fetch_is_due(harness: BatchHarness, **values: datetime) -> None:
    """Let the next fetch be due, or the image expire."""
    async with harness.services.database.write() as connection:
        past = now() - timedelta(seconds=1)
        await connection.execute(update(RemoteImageRow).values(next_try_at=past, **values))


async def has_work(harness: BatchHarness, batch_id: str) -> bool:
    async with harness.services.database.read() as connection:
        return await has_work_now(connection, batch_id, at=now())


async def test_an_image_is_fetched_until_its_address_expires_and_holds_no_slice_meanwhile(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=1, fetch_waits=(0.01,))
    fake_workers_ai.file_replies.extend([DOWN] * 3)
    batch_id = await harness.batch(1, model=WAN)
    for fetches in (2, 3):
        await harness.work_on(batch_id)
        batch = await harness.read(batch_id)
        assert (batch["items"][0]["status"], batch["cost"]) == ("QUEUED", 0)
        assert fake_workers_ai.file_requests == fetches
        assert not await has_work(harness, batch_id)
        await fetch_is_due(harness)
        assert await has_work(harness, batch_id)
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["cost"]) == ("SUCCEEDED", 0.03)
    assert await remembered(harness) == 0
    assert len(fake_workers_ai.requests) == 1


async def test_an_item_that_was_read_before_its_image_was_paid_is_not_generated_again(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=1, fetch_waits=())
    fake_workers_ai.file_replies.append(DOWN)
    batch_id = await harness.batch(1, model=WAN)
    async with harness.services.database.read() as connection:
        (read_before,) = await items_to_do(connection, batch_id, 0)
    await harness.work_on(batch_id)
    late = ItemRunner(harness.services, concurrency=1)
    async with FairSemaphore(1).slot("user") as slot:
        assert not await late.claim_and_run(harness.run(batch_id), read_before, slot)
    await harness.work_on(batch_id)
    assert (await harness.read(batch_id))["cost"] == 0.03
    assert len(fake_workers_ai.requests) == 1


async def test_an_image_whose_process_died_is_fetched_again(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=1, fetch_waits=(30.0,))
    fake_workers_ai.file_replies.append(DOWN)
    batch_id = await harness.batch(1, model=WAN)
    dead = ProcessLease(harness.services.database, seconds=30)
    async with dead.held():
        work = asyncio.create_task(harness.work_on(batch_id, dead))
        while not fake_workers_ai.file_requests:
            await asyncio.sleep(0.01)
        work.cancel()
        await asyncio.wait({work})
    assert await has_work(harness, batch_id)
    await harness.work_on(batch_id)
    assert (await harness.read(batch_id))["cost"] == 0.03
    assert len(fake_workers_ai.requests) == 1


async def test_an_image_that_expires_fails_its_item_and_is_not_charged(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=1, fetch_waits=())
    fake_workers_ai.file_replies.extend([DOWN] * 2)
    batch_id = await harness.batch(1, model=WAN)
    await harness.work_on(batch_id)
    await fetch_is_due(harness, expires_at=now() - timedelta(seconds=1))
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["cost"]) == ("FAILED", 0)
    assert batch["items"][0]["error"]["code"] == "GENERATION_FAILED"
    assert batch["items"][0]["error"]["retryable"]
    assert await remembered(harness) == 0
    assert len(fake_workers_ai.requests) == 1


async def test_the_sweep_leaves_batches_that_wait_for_their_images(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.batches.sweep._SETTLED", timedelta(0))
    harness.work = SliceRunner(harness.services, concurrency=1, fetch_waits=())
    fake_workers_ai.file_replies.append(DOWN)
    batch_id = await harness.batch(1, model=WAN)
    await harness.work_on(batch_id)
    enqueued: list[str] = []

    async def enqueue(_services: object, batch: BatchRecord, *_more: object) -> None:
        enqueued.append(batch.id)

    async def none_unended(_prefix: str) -> bool:
        return False

    monkeypatch.setattr("gql_server.batches.sweep.enqueue_slices", enqueue)
    monkeypatch.setattr(harness.services.jobs, "has_unended", none_unended)
    await sweep_batches(harness.services)
    assert enqueued == []
    await fetch_is_due(harness)
    await sweep_batches(harness.services)
    assert enqueued == [batch_id]


async def test_waiting_items_hold_up_no_other_batch_and_end_with_a_cancellation(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=1, fetch_waits=(1.0,) * 30)
    fake_workers_ai.file_replies.extend([DOWN] * 100)
    waiting = await harness.batch(4, model=WAN)  # more than the two slots
    work = asyncio.create_task(harness.work_on(waiting))
    while await remembered(harness) < 4:
        await asyncio.sleep(0.01)

    other = await harness.batch(2)
    await harness.work_on(other)
    assert (await harness.read(other))["status"] == "SUCCEEDED"

    await harness.change("cancelBatch", waiting)
    await work
    batch = await harness.read(waiting)
    assert (batch["status"], batch["canceled"], batch["cost"]) == ("CANCELED", 4, 0)
    assert await remembered(harness) == 0
