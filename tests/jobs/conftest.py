from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from gql_server.database.engine.engine import Database
from gql_server.jobs import engine
from gql_server.jobs.jobs import Jobs
from gql_server.processes.lease import ProcessLease

MakeJobs = Callable[..., Jobs]


@pytest.fixture
async def lease(database: Database) -> AsyncIterator[ProcessLease]:
    lease = ProcessLease(database, seconds=30)
    async with lease.held():
        yield lease


@pytest.fixture
async def make_jobs(
    database: Database, lease: ProcessLease, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MakeJobs]:
    """Makes what takes jobs, and runs them once it is started; stopped and closed at the end."""
    monkeypatch.setattr("gql_server.jobs.jobs._POLL_SECONDS", 0.02)
    monkeypatch.setattr(engine, "_SETTLE_SECONDS", 0)  # no test leaves anything to claim
    async with AsyncExitStack() as stack:

        def make(*, concurrency: int = 4, stop_seconds: float = 5.0) -> Jobs:
            jobs = Jobs(
                database,
                lease,
                url=database.engine.url,
                concurrency=concurrency,
                stop_seconds=stop_seconds,
            )
            stack.push_async_callback(jobs.close)
            stack.push_async_callback(jobs.stop)
            return jobs

        yield make
