"""Items whose making was interrupted: what was paid is kept, and nothing is paid without need."""

import asyncio

import pytest

from gql_server.batches.slice_runner import SliceWork
from gql_server.database.queries.batches import set_batch
from gql_server.database.queries.processes import remove_process
from gql_server.domain.batches import BatchStatus
from gql_server.generation.recovery import find_bytes
from gql_server.processes.lease import ProcessLease
from gql_server.storage.store import StoredObject, StoreMisconfigured
from tests.batches.conftest import Office
from tests.support.workers_ai_app import WorkersAIStandin
from tests.support.workers_ai_behaviours import Exchange, daily_allocation_used, error, slow

pytestmark = pytest.mark.anyio


async def test_a_late_picture_of_an_item_that_is_queued_again_is_kept_and_charged(
    office: Office, standin: WorkersAIStandin
) -> None:
    standin.next(slow(2.0), daily_allocation_used())
    batch_id = await office.batch(1)
    lease = ProcessLease(office.parts.database, seconds=60)
    async with lease.held():
        late = asyncio.create_task(office.work_on(batch_id, lease))
        while not standin.requests:
            await asyncio.sleep(0.01)
        async with office.parts.database.write() as connection:
            await remove_process(connection, lease.process_id)
        await SliceWork(office.parts, concurrency=4).run(office.run(batch_id))
        batch = await office.read(batch_id)
        assert (batch["status"], batch["queued"]) == ("PAUSED", 1)
        await late
    batch = await office.read(batch_id)
    assert (batch["status"], batch["cost"], len(standin.requests)) == ("SUCCEEDED", 0.01, 2)
    assert await find_bytes(office.parts, batch["items"][0]["image"]["id"]) is not None


async def test_what_is_given_up_ends_with_the_picture_that_was_made(
    office: Office, standin: WorkersAIStandin, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await office.batch(2)
    standin.next(slow(0), error(5004, 400))
    await office.die_before_the_facts(batch_id, monkeypatch)
    await office.work.give_up(office.run(batch_id), "processes died of it")
    batch = await office.read(batch_id)
    assert (batch["succeeded"], batch["failed"], batch["cost"]) == (1, 1, 0.01)
    assert len(standin.requests) == 2


async def test_a_paused_batchs_items_of_a_dead_process_are_queued_and_not_made(
    office: Office, standin: WorkersAIStandin
) -> None:
    batch_id = await office.batch(3)
    async with office.dying(batch_id, standin, calls=3):
        pass
    async with office.parts.database.write() as connection:
        await set_batch(connection, batch_id, {"status": BatchStatus.PAUSED.value})
    await office.work_on(batch_id)
    batch = await office.read(batch_id)
    assert (batch["status"], batch["queued"], len(standin.requests)) == ("PAUSED", 3, 3)


async def test_a_batch_waits_for_a_store_that_takes_no_pictures(
    office: Office, standin: WorkersAIStandin, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(_key: str, _stored: StoredObject) -> bool:
        raise StoreMisconfigured("the key may only read")

    batch_id = await office.batch(60)
    with monkeypatch.context() as patch:
        patch.setattr(office.parts.store, "put", refuses)
        await office.work_on(batch_id)
        batch = await office.read(batch_id)
        assert (batch["status"], batch["pausedReason"]) == ("PAUSED", "STORE_UNAVAILABLE")
        assert (batch["queued"], batch["cost"]) == (60, 0)
        paid = len(standin.requests)
        assert paid <= 16 + 16 + 4  # in flight, to be kept, and the next
    await office.change("resumeBatch", batch_id)
    await office.work_on(batch_id)
    batch = await office.read(batch_id)
    assert (batch["status"], batch["succeeded"], batch["cost"]) == ("SUCCEEDED", 60, 0.6)
    assert len(standin.requests) == paid + 60


async def test_a_probe_tries_an_item_that_nobody_has(
    office: Office, standin: WorkersAIStandin
) -> None:
    released = asyncio.Event()

    async def hangs(exchange: Exchange) -> None:
        while not released.is_set():
            await asyncio.sleep(0.01)
        await exchange.answer(exchange.reply_with_picture())

    standin.next(hangs)
    standin.always = daily_allocation_used()
    batch_id = await office.batch(20)
    lease = ProcessLease(office.parts.database, seconds=30)
    async with lease.held():
        other = SliceWork(office.parts, concurrency=1)
        holding = asyncio.create_task(other.run(office.run(batch_id, 0, lease)))
        while await running(office, batch_id) < 2 or not standin.requests:
            await asyncio.sleep(0.01)  # until it has its call and the next
        await office.work.run(office.probe(batch_id))
        assert len(standin.requests) == 2
        assert (await office.read(batch_id))["status"] == "PAUSED"
        released.set()
        await holding
    assert (await office.read(batch_id))["succeeded"] == 1


async def running(office: Office, batch_id: str) -> int:
    query = "query B($id: ID!) { batch(id: $id) { running } }"
    count: int = (await office.product.ask(query, id=batch_id))["batch"]["running"]
    return count
