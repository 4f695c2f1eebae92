"""The work on a batch: each item ends once, whatever becomes of the others."""

import asyncio
import threading
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.tables.batches import BatchItemRow
from gql_server.database.tables.images import ImageRow
from gql_server.database.tables.ledger import ChargeRow
from gql_server.generation.persist import save_row
from gql_server.generation.produce import produce_image
from gql_server.generation.recovery import find_bytes
from gql_server.jobs.kinds import Interrupted, JobRun
from gql_server.ledger.audit.audit import audit
from gql_server.processes.lease import ProcessLease
from gql_server.storage.store import StoredObject, StoreUnavailable
from tests.batches.conftest import BatchHarness
from tests.support.waiting import until
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import error, once, prompt_refused

pytestmark = pytest.mark.anyio


async def paid(harness: BatchHarness) -> tuple[int, int, int]:
    """Count images, charges, and what was charged; the audit must be clean."""
    assert (await audit(harness.services.database)).is_clean
    charges = select(func.count(), func.coalesce(func.sum(col(ChargeRow.amount)), 0))
    async with harness.services.database.read() as connection:
        images = (await connection.execute(select(func.count(col(ImageRow.id))))).scalar_one()
        count, amount = (await connection.execute(charges)).one()
    return images, count, amount


async def bytes_of_the_failed(harness: BatchHarness) -> StoredObject | None:
    failed = select(col(BatchItemRow.image_id)).where(col(BatchItemRow.status) == "failed")
    async with harness.services.database.read() as connection:
        image_id = (await connection.execute(failed)).scalar_one()
    return await find_bytes(harness.services, image_id)


async def test_every_item_is_made_kept_and_charged_once(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(25)
    await asyncio.gather(harness.work_on(batch_id), harness.work_on(batch_id))
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["succeeded"], batch["progress"]) == ("SUCCEEDED", 25, 1)
    assert (batch["cost"], batch["estimatedCost"]) == (0.25, 0.25)
    assert batch["createdAt"] <= batch["startedAt"] <= batch["finishedAt"]
    assert batch["estimatedFinishAt"] == batch["finishedAt"]
    assert {item["image"]["batch"]["id"] for item in batch["items"]} == {batch_id}
    assert {item["attempts"] for item in batch["items"]} == {1}
    assert len(fake_workers_ai.requests) == 25
    assert await paid(harness) == (25, 25, 250_000_000)


async def test_one_items_failure_touches_no_other(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(prompt_refused())
    fake_workers_ai.next(error(5004, 400))
    batch_id = await harness.batch(6)
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["succeeded"], batch["failed"]) == ("PARTIALLY_FAILED", 4, 2)
    assert batch["estimatedCost"] == batch["cost"] == 0.04
    errors = [item["error"] for item in batch["items"] if item["error"]]
    assert {one["__typename"] for one in errors} == {"PromptRefused", "GenerationFailed"}
    assert all(one["message"] for one in errors)
    assert await paid(harness) == (4, 4, 40_000_000)


async def test_a_batch_of_which_nothing_is_made_has_failed(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(2)
    fake_workers_ai.next(prompt_refused())
    fake_workers_ai.next(prompt_refused())
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["cost"], batch["estimatedCost"]) == ("FAILED", 0, 0)


async def test_what_no_one_foresaw_fails_its_item_alone(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await harness.batch(2)
    keep, broken = save_row, iter([True])

    async def breaks(*given: Any) -> object:
        if next(broken, False):
            raise RuntimeError("secret")
        return await keep(*given)

    monkeypatch.setattr("gql_server.generation.produce.save_row", breaks)
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["succeeded"], batch["failed"]) == (1, 1)
    (error,) = [item["error"] for item in batch["items"] if item["error"]]
    assert "secret" not in error["message"]
    assert await bytes_of_the_failed(harness) is None
    assert await paid(harness) == (1, 1, 10_000_000)


async def test_items_of_a_dead_process_are_made_by_another(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(3)
    async with harness.dying(batch_id, fake_workers_ai, calls=3):
        await harness.work_on(batch_id)
        assert (await harness.read(batch_id))["running"] == 3
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", 3)
    assert {item["attempts"] for item in batch["items"]} == {2}
    assert len(fake_workers_ai.requests) == 6
    seeds = [request.parameters["seed"] for request in fake_workers_ai.requests]
    assert Counter(seeds[:3]) == Counter(seeds[3:])
    assert await paid(harness) == (3, 3, 30_000_000)


async def test_an_image_whose_bytes_are_there_is_not_made_again(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await harness.batch(2)
    await harness.die_before_the_row(batch_id, monkeypatch)
    await harness.work_on(batch_id)
    assert (await harness.read(batch_id))["status"] == "SUCCEEDED"
    assert len(fake_workers_ai.requests) == 2
    assert await paid(harness) == (2, 2, 20_000_000)


async def test_a_process_that_comes_back_does_no_harm(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    frozen = ProcessLease(harness.services.database, seconds=30)
    batch_id = await harness.batch(2)
    thawed = threading.Event()
    fake_workers_ai.next(once(thawed), once(thawed, error(5004, 400)))
    async with frozen.held():
        work = asyncio.create_task(harness.work_on(batch_id, frozen))
        await until(lambda: len(fake_workers_ai.requests) == 2)
    await harness.work_on(batch_id)
    before = await harness.read(batch_id)
    assert (before["status"], before["succeeded"]) == ("SUCCEEDED", 2)
    thawed.set()
    await work
    assert await harness.read(batch_id) == before
    assert await paid(harness) == (2, 2, 20_000_000)


async def test_a_store_that_is_away_for_a_while_costs_no_image(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, away = harness.services.store.put, iter([True] * 3)

    async def put_later(*given: object) -> object:
        if next(away, False):
            raise StoreUnavailable("away")
        return await put(*given)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(harness.services.store, "put", put_later)
    batch_id = await harness.batch(3)
    await harness.work_on(batch_id)
    assert (await harness.read(batch_id))["status"] == "SUCCEEDED"
    assert len(fake_workers_ai.requests) == 3


async def test_a_process_that_stops_leaves_what_it_has_not_started(harness: BatchHarness) -> None:
    batch_id = await harness.batch(2)
    work = harness.run(batch_id)
    stopping = JobRun(work.job_id, work.argument, 1, work.process_id, lambda _id: False)
    with pytest.raises(Interrupted):
        await harness.work.run(stopping)
    assert (await harness.read(batch_id))["status"] == "QUEUED"


async def test_what_the_engine_gives_up_fails_and_its_money_is_free(harness: BatchHarness) -> None:
    await harness.app.ask(
        "mutation { setBudget(input: {limit: 1, period: DAILY}) { budget { id } } }"
    )
    batch_id = await harness.batch(2)
    await harness.work.give_up(harness.run(batch_id), "why")
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["failed"], batch["estimatedCost"]) == ("FAILED", 2, 0)
    assert batch["items"][0]["error"]["retryable"] is True
    found = await harness.app.ask("{ budgets { reserved spent } }")
    assert found["budgets"] == [{"reserved": 0, "spent": 0}]


async def test_a_late_image_of_an_item_that_has_failed_is_neither_kept_nor_charged(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    frozen = ProcessLease(harness.services.database, seconds=30)
    batch_id = await harness.batch(1)
    thawed = threading.Event()
    fake_workers_ai.next(once(thawed))
    async with frozen.held():
        work = asyncio.create_task(harness.work_on(batch_id, frozen))
        await until(lambda: bool(fake_workers_ai.requests))
    fake_workers_ai.next(prompt_refused())
    await harness.work_on(batch_id)
    before = await harness.read(batch_id)
    assert (before["status"], before["failed"]) == ("FAILED", 1)
    thawed.set()
    await work
    assert await harness.read(batch_id) == before
    assert await paid(harness) == (0, 0, 0)
    assert await bytes_of_the_failed(harness) is None


async def test_a_store_that_does_not_answer_does_not_fail_what_was_made(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await harness.batch(1)
    await harness.die_before_the_row(batch_id, monkeypatch)
    get, away = harness.services.store.get, iter([True] * 2)

    async def get_later(key: str) -> object:
        if next(away, False):
            raise StoreUnavailable("away")
        return await get(key)

    monkeypatch.setattr(harness.services.store, "get", get_later)
    await harness.work_on(batch_id)
    assert (await harness.read(batch_id))["status"] == "SUCCEEDED"
    assert len(fake_workers_ai.requests) == 1


async def test_what_the_engine_gives_up_is_left_to_the_run_that_has_it(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch_id = await harness.batch(1)
    with fake_workers_ai.held():
        work = asyncio.create_task(harness.work_on(batch_id))
        await until(lambda: bool(fake_workers_ai.requests))
        await harness.work.give_up(harness.run(batch_id), "why")
    await work
    assert (await harness.read(batch_id))["status"] == "SUCCEEDED"
    assert await paid(harness) == (1, 1, 10_000_000)


async def test_what_a_process_has_it_does_not_claim_again_where_the_database_was_away(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, away = produce_image, iter([True] * 2)

    async def make_later(*given: Any, **named: Any) -> object:
        if next(away, False):
            raise DatabaseUnavailable("away")
        return await make(*given, **named)

    monkeypatch.setattr("gql_server.generation.fallback.produce_image", make_later)
    monkeypatch.setattr("gql_server.batches.item_runner._LOOK_AGAIN_SECONDS", 0.01)
    batch_id = await harness.batch(1)
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["items"][0]["attempts"]) == ("SUCCEEDED", 1)
    assert len(fake_workers_ai.requests) == 1
