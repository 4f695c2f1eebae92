"""Jobs and the deaths of the processes that run them."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gql_server.database.engine.engine import Database
from gql_server.jobs.jobs import Jobs
from gql_server.jobs.kinds import Job, JobRun
from gql_server.processes.lease import ProcessLease
from tests.support.job_program import KIND, Program, job_process
from tests.support.postgres import PostgresServer
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

LEASE = 1.5


def program_of(database: Database, folder: Path, **changes: Any) -> Program:
    url = database.engine.url.render_as_string(hide_password=False)
    return Program(url=url, journal=str(folder / "journal"), lease=LEASE, **changes)


@asynccontextmanager
async def taking(database: Database) -> AsyncIterator[Jobs]:
    """What a server without a worker has: it takes jobs and runs none."""
    lease = ProcessLease(database, seconds=30)
    jobs = Jobs(database, lease, url=database.engine.url, concurrency=1, stop_seconds=0)
    jobs.register(KIND, _never)
    try:
        yield jobs
    finally:
        await jobs.close()


async def _never(_run: JobRun) -> None:
    raise AssertionError("a process that only takes jobs ran one")


def some_jobs(count: int, name: str = "job") -> list[Job]:
    return [Job(f"{name}_{number}", KIND, "", "user") for number in range(count)]


@pytest.fixture
async def postgres_database(
    postgres: PostgresServer, migrated_postgres: str
) -> AsyncIterator[Database]:
    database = Database(postgres.url(postgres.create_database(migrated_postgres)))
    yield database
    await database.close()


async def test_no_job_is_lost_when_the_process_is_killed(
    postgres_database: Database, tmp_path: Path
) -> None:
    program = program_of(postgres_database, tmp_path)
    async with taking(postgres_database) as jobs:
        await jobs.enqueue(*some_jobs(200))
    async with job_process(program) as process:
        await program.until_done(40)
        process.kill()
        await process.wait()
    before = len(program.done())
    assert before < 200
    async with job_process(program):
        await program.until_done(200, within=10)
    again = len(program.done()) - 200
    assert again <= program.concurrency
    assert program.done_ids() == {job.id for job in some_jobs(200)}


@pytest.mark.survival
async def test_work_of_killed_and_frozen_processes_continues_elsewhere(
    postgres_database: Database, tmp_path: Path
) -> None:
    program = program_of(postgres_database, tmp_path, concurrency=4, seconds=0.3)
    async with AsyncExitStack() as stack:
        starting = (stack.enter_async_context(job_process(program)) for _ in range(3))
        killed, frozen, _ = await asyncio.gather(*starting)
        async with taking(postgres_database) as jobs:
            await jobs.enqueue(*some_jobs(40))
            while len({process_id for process_id, _ in program.done()}) < 3:
                await asyncio.sleep(0.02)
            killed.kill()
            frozen.send_signal(signal.SIGSTOP)
            before = {process_id for process_id, _ in program.done()}
            await program.until_done(40, within=20)
            # What woke up was declared dead: it works again, as another process.
            frozen.send_signal(signal.SIGCONT)
            number = 0
            async with asyncio.timeout(WAIT_SECONDS):
                while {process_id for process_id, _ in program.done()} <= before:
                    await jobs.enqueue(*some_jobs(8, f"later_{number}"))
                    number += 1
                    await program.until_done(40 + 8 * number)
