"""How much of a batch is done at once: calls, and pictures that wait to be kept."""

import asyncio

import pytest

from gql_server.batches.slice_runner import SliceRunner
from gql_server.jobs.kinds import Interrupted, JobRun
from gql_server.ledger.audit.audit import audit
from gql_server.storage.store import StoredObject
from tests.batches.conftest import BatchHarness
from tests.support.waiting import until
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Exchange, server_error_page

pytestmark = pytest.mark.anyio

CALLS = 4
STARTED = CALLS + 1


class Counter:
    """Counts what is under way, and the most that was."""

    def __init__(self) -> None:
        self.now = self.most = 0

    def __enter__(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)

    def __exit__(self, *_: object) -> None:
        self.now -= 1


async def test_calls_in_flight_are_bounded_and_a_kept_image_holds_none_up(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=CALLS)
    calls, may_keep = Counter(), asyncio.Event()
    put = harness.services.store.put

    async def call(exchange: Exchange) -> None:
        with calls:
            while calls.most < CALLS:  # the first ones meet, however slow the machine is
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.02)
            await exchange.answer(exchange.reply_with_picture())

    async def put_later(key: str, stored: StoredObject) -> bool:
        await may_keep.wait()
        return await put(key, stored)

    fake_workers_ai.always = call
    monkeypatch.setattr(harness.services.store, "put", put_later)
    batch_id = await harness.batch(20)
    working = asyncio.create_task(harness.work_on(batch_id))
    # So many pictures wait for the store, and what was begun beside them waits for one to be kept.
    while len(fake_workers_ai.requests) < CALLS + STARTED or calls.now:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)  # in which a call more would be made
    batch = await harness.read(batch_id)
    assert (len(fake_workers_ai.requests), batch["succeeded"]) == (CALLS + STARTED, 0)
    assert batch["running"] == CALLS + STARTED
    may_keep.set()
    await working
    assert calls.most == CALLS
    assert (await harness.read(batch_id))["succeeded"] == 20
    assert len(fake_workers_ai.requests) == 20
    assert (await audit(harness.services.database)).is_clean


async def test_a_place_that_comes_free_while_a_process_stops_is_not_used(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=1)
    batch_id = await harness.batch(2)
    run = harness.run(batch_id)
    stopping = JobRun(
        run.job_id,
        run.argument,
        1,
        run.process_id,
        lambda _process_id: not fake_workers_ai.requests,
    )
    with pytest.raises(Interrupted):
        await harness.work.run(stopping)
    assert len(fake_workers_ai.requests) == 1
    batch = await harness.read(batch_id)
    assert (batch["succeeded"], batch["queued"]) == (1, 1)


async def test_what_waits_to_be_tried_again_leaves_its_place_to_others(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=1)
    fake_workers_ai.next(server_error_page())
    batch_id = await harness.batch(2)
    await harness.work_on(batch_id)
    assert (await harness.read(batch_id))["succeeded"] == 2
    failed, *others = [request.prompt for request in fake_workers_ai.requests]
    assert failed in others
    assert others[0] != failed


async def test_an_item_that_waits_for_a_place_is_canceled_with_its_batch(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=1)
    batch_id = await harness.batch(3)
    counted = "query B($id: ID!) { batch(id: $id) { running canceled } }"

    async def counts() -> dict[str, int]:
        found: dict[str, int] = (await harness.app.ask(counted, id=batch_id))["batch"]
        return found

    with fake_workers_ai.held():
        working = asyncio.create_task(harness.work_on(batch_id))
        while (await counts())["running"] < 2:
            await asyncio.sleep(0.01)
        await until(lambda: bool(fake_workers_ai.requests))
        await harness.change("cancelBatch", batch_id)
        while (await counts())["canceled"] < 2:
            await asyncio.sleep(0.01)
    await working
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["succeeded"], batch["canceled"]) == ("CANCELED", 1, 2)
    assert len(fake_workers_ai.requests) == 1
