"""Items whose images were generated and cannot be fetched: they hold up nothing for long."""

import asyncio

import pytest
from sqlalchemy import func, select

from gql_server.batches.slice_runner import SliceRunner
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.inference.workers_ai.client import WorkersAI
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


async def test_an_image_that_is_never_fetched_fails_its_item_and_is_not_charged(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    harness.work = SliceRunner(harness.services, concurrency=1, fetch_waits=(0.01,))
    fake_workers_ai.file_replies.extend([DOWN] * 2)
    batch_id = await harness.batch(1, model=WAN)
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["cost"]) == ("FAILED", 0)
    assert batch["items"][0]["error"]["code"] == "GENERATION_FAILED"
    assert batch["items"][0]["error"]["retryable"]
    assert await remembered(harness) == 0
    assert len(fake_workers_ai.requests) == 1


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
