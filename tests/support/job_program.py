"""A process that runs jobs, as `gql-server worker` does, with a handler that writes what it did.

``python -m tests.support.job_program`` with its settings as one argument of JSON.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import make_url

from gql_server.database.engine.engine import Database
from gql_server.database.queries.processes import remove_all_processes
from gql_server.jobs.jobs import Jobs
from gql_server.jobs.kinds import JobRun
from gql_server.logs import configure_logs
from gql_server.processes.lease import ProcessLease
from tests.support.child import child_process
from tests.support.waiting import WAIT_SECONDS

KIND = "record"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Program:
    """What the process is to do.

    Attributes:
        url: The server's database, with its driver and password.
        journal: The file that gets a line for each job done: who did it, and which.
        seconds: How long a job takes.
    """

    url: str
    journal: str
    lease: float = 30.0
    concurrency: int = 32
    seconds: float = 0.01

    def done(self) -> list[tuple[str, str]]:
        """Return who did which job, in the order of their ends."""
        path = Path(self.journal)
        lines = path.read_text().splitlines() if path.exists() else []
        return [(process_id, job_id) for process_id, _, job_id in map(_parts, lines)]

    def done_ids(self) -> set[str]:
        """Return which jobs were done at least once."""
        return {job_id for _, job_id in self.done()}

    async def until_done(self, count: int, *, within: float = WAIT_SECONDS) -> None:
        """Wait until so many jobs were done."""
        async with asyncio.timeout(within):
            while len(self.done_ids()) < count:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def job_process(program: Program) -> AsyncIterator[Process]:
    """Start the program, and kill it at the end where it still runs."""
    command = (sys.executable, "-m", "tests.support.job_program", json.dumps(asdict(program)))
    async with child_process(*command, cwd=ROOT, stdout=PIPE) as process:
        assert process.stdout is not None
        async with asyncio.timeout(WAIT_SECONDS):
            assert await process.stdout.readline() == b"running\n"
        yield process


async def _run(program: Program) -> None:
    stop_requested = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop_requested.set)
    url = make_url(program.url)
    async with AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.close)
        if database.is_sqlite:
            async with database.write() as connection:
                await remove_all_processes(connection)
        lease = ProcessLease(database, seconds=program.lease)
        await stack.enter_async_context(lease.held())
        jobs = Jobs(database, lease, url=url, concurrency=program.concurrency, stop_seconds=5)
        stack.push_async_callback(jobs.close)
        journal = os.open(program.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

        async def record(run: JobRun) -> None:
            await asyncio.sleep(program.seconds)
            os.write(journal, f"{run.process_id} did {run.job_id}\n".encode())

        jobs.register(KIND, record, concurrency_per_partition=program.concurrency)
        await jobs.start()
        stack.push_async_callback(jobs.stop)
        print("running", flush=True)  # noqa: T201 - what the test waits for
        await stop_requested.wait()


def _parts(line: str) -> tuple[str, str, str]:
    process_id, did, job_id = line.split()
    return process_id, did, job_id


if __name__ == "__main__":
    configure_logs(level="warning", style="console")
    asyncio.run(_run(Program(**json.loads(sys.argv[1]))))
