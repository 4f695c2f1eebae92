"""Items that wait before an attempt, when nobody wants them any more: none is attempted again."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gql_server.inference import attempts
from gql_server.jobs.kinds import Interrupted, JobRun
from tests.batches.conftest import BatchHarness
from tests.support.running_app import running_app, workers_ai_settings
from tests.support.waiting import WAIT_SECONDS, until
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    Behaviour,
    daily_allocation_used,
    error,
    out_of_capacity,
)

pytestmark = pytest.mark.anyio

SLOW_TURNS = {"workers_ai_requests_per_minute": 60}
"""One attempt of a batch at once, and then one each 1.15 s."""


@pytest.fixture(autouse=True)
def looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_LOOK_SECONDS", 0.05)


async def limit_money(harness: BatchHarness) -> None:
    await harness.app.ask(
        "mutation { setBudget(input: {limit: 1, period: DAILY}) { budget { id } } }"
    )


async def reserved(harness: BatchHarness) -> list[float]:
    return [
        one["reserved"] for one in (await harness.app.ask("{ budgets { reserved } }"))["budgets"]
    ]


async def test_a_canceled_batch_starts_no_attempt_that_waited_for_its_turn(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai) | SLOW_TURNS) as app:
        harness = BatchHarness(app)
        await limit_money(harness)
        batch_id = await harness.batch(6)
        working = asyncio.create_task(harness.work_on(batch_id))
        await until(lambda: len(fake_workers_ai.requests) == 1)
        await harness.change("cancelBatch", batch_id)
        called = len(fake_workers_ai.requests)
        await asyncio.wait_for(working, WAIT_SECONDS)
        batch = await harness.read(batch_id)
        assert await reserved(harness) == [0]
    assert len(fake_workers_ai.requests) == called
    assert (batch["status"], batch["succeeded"]) == ("CANCELED", called)
    assert (batch["canceled"], batch["running"], batch["queued"]) == (6 - called, 0, 0)
    assert batch["cost"] == batch["estimatedCost"] == called * 0.01


@pytest.mark.parametrize("trouble", [out_of_capacity(retry_after=30), error(None, 503)])
async def test_a_canceled_batch_starts_no_attempt_after_one_that_failed(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, trouble: Behaviour
) -> None:
    await limit_money(harness)
    fake_workers_ai.always = trouble
    batch_id = await harness.batch(2)
    working = asyncio.create_task(harness.work_on(batch_id))
    await until(lambda: len(fake_workers_ai.requests) >= 2)
    await harness.change("cancelBatch", batch_id)
    called = len(fake_workers_ai.requests)
    await asyncio.wait_for(working, WAIT_SECONDS)
    batch = await harness.read(batch_id)
    assert len(fake_workers_ai.requests) == called
    assert (batch["status"], batch["canceled"]) == ("CANCELED", 2)
    assert batch["estimatedCost"] == 0
    assert await reserved(harness) == [0]


async def test_a_call_that_runs_when_its_batch_is_canceled_is_kept_and_charged(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(error(None, 503))
    batch_id = await harness.batch(1)
    working = asyncio.create_task(harness.work_on(batch_id))
    await until(lambda: len(fake_workers_ai.requests) == 1)
    with fake_workers_ai.held():
        await until(lambda: len(fake_workers_ai.requests) == 2)
        canceled = (await harness.change("cancelBatch", batch_id))["batch"]
        assert canceled["status"] == "CANCELING"
    await working
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["succeeded"], batch["cost"]) == ("SUCCEEDED", 1, 0.01)


async def test_a_process_that_stops_leaves_what_waits_for_its_turn_to_others(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai) | SLOW_TURNS) as app:
        harness = BatchHarness(app)
        batch_id = await harness.batch(4)
        goes_on = [True]
        run: JobRun = replace(harness.run(batch_id), _should_continue=lambda _id: goes_on[0])
        working = asyncio.create_task(harness.work.run(run))
        await until(lambda: len(fake_workers_ai.requests) == 1)
        goes_on.clear()
        goes_on.append(False)
        with pytest.raises(Interrupted):
            await asyncio.wait_for(working, WAIT_SECONDS)
        batch = await harness.read(batch_id)
        assert (batch["succeeded"], batch["running"]) == (1, 0)
        assert (batch["status"], batch["queued"]) == ("RUNNING", 3)


async def test_what_waits_when_its_batch_is_paused_continues_with_it(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(error(None, 503), daily_allocation_used())
    batch_id = await harness.batch(2)
    await harness.work_on(batch_id)
    paused = await harness.read(batch_id)
    assert (paused["status"], paused["queued"]) == ("PAUSED", 2)
    assert len(fake_workers_ai.requests) == 2
    await harness.change("resumeBatch", batch_id)
    await harness.work_on(batch_id)
    assert (await harness.read(batch_id))["status"] == "SUCCEEDED"
