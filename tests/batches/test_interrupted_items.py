"""Items whose making was interrupted: what was paid is kept, and nothing is paid without need."""

import asyncio

import pytest

from gql_server.batches.slice_runner import SliceRunner
from gql_server.database.queries.batches import set_batch
from gql_server.database.queries.processes import remove_process
from gql_server.domain.batches import BatchStatus
from gql_server.generation.recovery import find_bytes
from gql_server.processes.lease import ProcessLease
from gql_server.storage.store import StoredObject, StoreMisconfigured
from tests.batches.conftest import BatchHarness
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Exchange, daily_allocation_used, error, slow

pytestmark = pytest.mark.anyio


async def test_a_late_image_of_an_item_that_is_queued_again_is_kept_and_charged(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(slow(2.0), daily_allocation_used())
    batch_id = await harness.batch(1)
    lease = ProcessLease(harness.services.database, seconds=60)
    async with lease.held():
        late = asyncio.create_task(harness.work_on(batch_id, lease))
        while not fake_workers_ai.requests:
            await asyncio.sleep(0.01)
        async with harness.services.database.write() as connection:
            await remove_process(connection, lease.process_id)
        await SliceRunner(harness.services, concurrency=4).run(harness.run(batch_id))
        batch = await harness.read(batch_id)
        assert (batch["status"], batch["queued"]) == ("PAUSED", 1)
        await late
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["cost"], len(fake_workers_ai.requests)) == ("SUCCEEDED", 0.01, 2)
    assert await find_bytes(harness.services, batch["items"][0]["image"]["id"]) is not None


async def test_what_is_given_up_ends_with_the_image_that_was_made(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await harness.batch(2)
    fake_workers_ai.next(slow(0), error(5004, 400))
    await harness.die_before_the_row(batch_id, monkeypatch)
    await harness.work.give_up(harness.run(batch_id), "processes died of it")
    batch = await harness.read(batch_id)
    assert (batch["succeeded"], batch["failed"], batch["cost"]) == (1, 1, 0.01)
    assert len(fake_workers_ai.requests) == 2


async def test_a_paused_batchs_items_of_a_dead_process_are_queued_and_not_made(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(3)
    async with harness.dying(batch_id, fake_workers_ai, calls=3):
        pass
    async with harness.services.database.write() as connection:
        await set_batch(connection, batch_id, {"status": BatchStatus.PAUSED.value})
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["queued"], len(fake_workers_ai.requests)) == ("PAUSED", 3, 3)


async def test_a_batch_waits_for_a_store_that_takes_no_images(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(_key: str, _stored: StoredObject) -> bool:
        raise StoreMisconfigured("the key may only read")

    batch_id = await harness.batch(60)
    with monkeypatch.context() as patch:
        patch.setattr(harness.services.store, "put", refuses)
        await harness.work_on(batch_id)
        batch = await harness.read(batch_id)
        assert (batch["status"], batch["pausedReason"]) == ("PAUSED", "STORE_UNAVAILABLE")
        assert (batch["queued"], batch["cost"]) == (60, 0)
        paid = len(fake_workers_ai.requests)
        assert paid <= 16 + 16 + 4  # in flight, to be kept, and the next
    await harness.change("resumeBatch", batch_id)
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["succeeded"], batch["cost"]) == ("SUCCEEDED", 60, 0.6)
    assert len(fake_workers_ai.requests) == paid + 60


async def test_a_probe_tries_an_item_that_no_one_has(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    released = asyncio.Event()

    async def hangs(exchange: Exchange) -> None:
        while not released.is_set():
            await asyncio.sleep(0.01)
        await exchange.answer(exchange.reply_with_picture())

    fake_workers_ai.next(hangs)
    fake_workers_ai.always = daily_allocation_used()
    batch_id = await harness.batch(20)
    lease = ProcessLease(harness.services.database, seconds=30)
    async with lease.held():
        other = SliceRunner(harness.services, concurrency=1)
        holding = asyncio.create_task(other.run(harness.run(batch_id, 0, lease)))
        while await running(harness, batch_id) < 2 or not fake_workers_ai.requests:
            await asyncio.sleep(0.01)  # until it has its call and the next
        await harness.work.run(harness.probe(batch_id))
        assert len(fake_workers_ai.requests) == 2
        assert (await harness.read(batch_id))["status"] == "PAUSED"
        released.set()
        await holding
    assert (await harness.read(batch_id))["succeeded"] == 1


async def running(harness: BatchHarness, batch_id: str) -> int:
    query = "query B($id: ID!) { batch(id: $id) { running } }"
    count: int = (await harness.app.ask(query, id=batch_id))["batch"]["running"]
    return count
