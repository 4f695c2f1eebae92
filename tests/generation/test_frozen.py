"""What a process made that was frozen until what it held was given up."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from gql_server.database.queries.processes import remove_all_processes
from tests.support.clock import step_clock
from tests.support.postgres import PostgresServer
from tests.support.running_app import RunningApp, running_app, workers_ai_settings
from tests.support.waiting import until
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import once

pytestmark = pytest.mark.anyio


@pytest.fixture
async def servers(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, postgres: PostgresServer, migrated_postgres: str
) -> AsyncIterator[tuple[RunningApp, RunningApp]]:
    """Two servers on one database and one folder, whose leases are longer than a test."""
    settings = workers_ai_settings(fake_workers_ai) | {
        "database_url": postgres.setting(postgres.create_database(migrated_postgres)),
        "process_lease": 3600,
        "log_format": "console",
    }
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(running_app(tmp_path, settings)),
            await stack.enter_async_context(running_app(tmp_path, settings)),
        )


async def set_budget(app: RunningApp, dollars: float) -> None:
    await app.ask(
        "mutation B($limit: Float!) { setBudget(input: {limit: $limit, period: MONTHLY}) "
        "{ userErrors { code } } }",
        limit=dollars,
    )


@pytest.mark.parametrize("images_paid_for", [1, 2])
async def test_what_a_frozen_process_made_is_charged_only_where_there_is_money(
    servers: tuple[RunningApp, RunningApp], fake_workers_ai: FakeWorkersAI, images_paid_for: int
) -> None:
    frozen, other = servers
    await set_budget(other, 0.01 * images_paid_for)
    thawed = threading.Event()
    fake_workers_ai.next(once(thawed))
    late = asyncio.create_task(frozen.generate())
    await until(lambda: bool(fake_workers_ai.requests))
    # As it looks to the others when nothing was heard of it for a lease and for longer than GRACE.
    async with other.services.database.write() as connection:
        await remove_all_processes(connection)
    await step_clock(other.services.database, timedelta(minutes=3))
    await other.image()
    thawed.set()
    payload = await late
    (state,) = await other.services.budgets.every()
    assert (state.spent, state.reserved) == (state.limit, 0)
    kept = list((other.settings.images_dir / "generated").glob("img_*.jpg"))
    assert len(kept) == images_paid_for
    if images_paid_for == 1:
        assert [error["code"] for error in payload["userErrors"]] == ["BUDGET_EXCEEDED"]
    else:
        assert payload["image"]["cost"] == 0.01
