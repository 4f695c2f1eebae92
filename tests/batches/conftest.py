"""A server that accepts batches, and workers that the tests run themselves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gql_server.batches.slice_runner import KIND, SliceRunner
from gql_server.database.queries.batch_items import slices_to_do
from gql_server.jobs.kinds import JobRun
from gql_server.processes.lease import ProcessLease
from tests.support.running_app import FLUX, RunningApp, running_app, workers_ai_settings
from tests.support.waiting import until
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import slow

BATCH = """
id status priority total queued running succeeded failed canceled progress sequence cost
estimatedCost estimatedFinishAt pausedReason resumesAt userId createdAt startedAt finishedAt
retryOf { id }
"""
GENERATE_BATCH = (
    """mutation G($input: GenerateBatchInput!) { generateBatch(input: $input) {
  batch { %s } userErrors { __typename message code path
    ... on BatchPending { batchId }
    ... on BudgetExceeded { limit needed } ... on MaxCostExceeded { cost maxCost } } } }"""
    % BATCH
)
READ = (
    """query B($id: ID!) { batch(id: $id) { %s items(first: 100) { edges { node {
  id index prompt status attempts sequence startedAt finishedAt
  error { __typename message code path ... on GenerationFailed { retryable providerCode } }
  image { id cost prompt parameters { seed } batch { id } } } } } } }"""
    % BATCH
)


class BatchHarness:
    """Creates batches through the API and runs their slices directly."""

    def __init__(self, app: RunningApp) -> None:
        self.app = app
        self.services = app.services
        self.work = SliceRunner(app.services, concurrency=16)

    async def ask(self, **changes: Any) -> dict[str, Any]:
        """Run generateBatch with a fast model; return its payload."""
        given = {"model": FLUX, **changes}
        payload: dict[str, Any] = (await self.app.ask(GENERATE_BATCH, input=given))["generateBatch"]
        return payload

    async def batch(self, pictures: int = 3, **changes: Any) -> str:
        """Have a batch of so many prompts accepted; return its id."""
        prompts = [f"A red fox, {number}" for number in range(pictures)]
        payload = await self.ask(**{"pictures": {"prompts": prompts}} | changes)
        assert payload["userErrors"] == []
        batch_id: str = payload["batch"]["id"]
        return batch_id

    async def change(self, mutation: str, batch_id: str) -> dict[str, Any]:
        """Run cancelBatch, resumeBatch or retryBatch; return its payload."""
        query = """mutation C($id: ID!) { %s(input: {id: $id}) {
            batch { %s } userErrors { __typename message code path } } }"""
        found = await self.app.ask(query % (mutation, BATCH), id=batch_id)
        payload: dict[str, Any] = found[mutation]
        return payload

    async def read(self, batch_id: str) -> dict[str, Any]:
        """Read a batch with its items, whose states must be those that it counts."""
        batch: dict[str, Any] = (await self.app.ask(READ, id=batch_id))["batch"]
        items = [edge["node"] for edge in batch.pop("items")["edges"]]
        for status in ("queued", "running", "succeeded", "failed", "canceled"):
            assert batch[status] == sum(item["status"] == status.upper() for item in items)
        assert [item["index"] for item in items] == list(range(batch["total"]))
        ended = [item["sequence"] for item in items if item["sequence"] is not None]
        assert sorted(ended) == list(range(1, batch["sequence"] + 1))
        costs = [item["image"]["cost"] for item in items if item["image"]]
        assert batch["cost"] == pytest.approx(sum(costs))
        return {**batch, "items": items}

    async def work_on(self, batch_id: str, lease: ProcessLease | None = None) -> None:
        """Work on every slice of a batch, as a process would."""
        async with self.services.database.read() as connection:
            slices = await slices_to_do(connection, batch_id)
        for number in slices:
            await self.work.run(self.run(batch_id, number, lease))

    @asynccontextmanager
    async def dying(
        self, batch_id: str, fake_workers_ai: FakeWorkersAI, *, calls: int
    ) -> AsyncIterator[None]:
        """Work on a batch as another process, which dies with its calls when the block ends."""
        fake_workers_ai.always = slow(30.0)
        dead = ProcessLease(self.services.database, seconds=30)
        async with dead.held():
            work = asyncio.create_task(self.work_on(batch_id, dead))
            await until(lambda: len(fake_workers_ai.requests) >= calls)
            yield
            work.cancel()
            await asyncio.wait({work})
        fake_workers_ai.always = None

    async def die_before_the_row(
        self, batch_id: str, monkeypatch: pytest.MonkeyPatch, step: str = "save_row"
    ) -> None:
        """Put a batch's images into the store as another process, which dies then.

        With the step ``save_bytes`` it dies before, when they are generated.
        """

        async def dies(*_given: object, **_more: object) -> None:
            raise asyncio.CancelledError

        dead = ProcessLease(self.services.database, seconds=30)
        async with dead.held():
            with monkeypatch.context() as patch:
                patch.setattr(f"gql_server.generation.produce.{step}", dies)
                patch.setattr("gql_server.batches.item_states.complete_with_error", dies)
                with pytest.raises(asyncio.CancelledError):
                    await self.work_on(batch_id, dead)

    def run(self, batch_id: str, number: int = 0, lease: ProcessLease | None = None) -> JobRun:
        """Return a job's run of a living process."""
        process_id = (lease or self.services.budgets.lease).process_id
        argument = {"batch": batch_id, "slice": number}
        return JobRun(f"{KIND} {number}", argument, 1, process_id, lambda _process_id: True)

    def probe(self, batch_id: str) -> JobRun:
        """Return a run of a batch's first slice that tries one item before all others."""
        argument = {"batch": batch_id, "slice": 0, "probes": True}
        return replace(self.run(batch_id), argument=argument)


@pytest.fixture
async def harness(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> AsyncIterator[BatchHarness]:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as app:
        yield BatchHarness(app)
