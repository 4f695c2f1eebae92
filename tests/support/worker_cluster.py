"""A server that only serves, and batch workers beside it, each in a process of its own."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psycopg

from tests.support.batch_client import BatchClient
from tests.support.process import server_process, worker_process, workers_ai_environment
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI


def cluster_settings(fake_workers_ai: FakeWorkersAI, database_url: str) -> dict[str, str]:
    """Return the settings of all processes: 4 images at a time each, and a lease of 2 seconds."""
    return workers_ai_environment(
        fake_workers_ai, DATABASE_URL=database_url, BATCH_CONCURRENCY="4", PROCESS_LEASE="2"
    )


@asynccontextmanager
async def worker_cluster(
    folder: Path, settings: dict[str, str], workers: int
) -> AsyncIterator[tuple[BatchClient, list[Process]]]:
    """Start a server that only serves, and workers."""
    async with AsyncExitStack() as stack:
        server = server_process(folder, settings, "--no-worker")
        started = [worker_process(folder, settings) for _ in range(workers)]
        serving = asyncio.create_task(stack.enter_async_context(server))
        processes = await asyncio.gather(*(stack.enter_async_context(one) for one in started))
        yield BatchClient((await serving).url), processes


async def called(fake_workers_ai: FakeWorkersAI, calls: int) -> None:
    """Wait until the models have been called this often."""
    async with asyncio.timeout(WAIT_SECONDS):
        while len(fake_workers_ai.requests) < calls:
            await asyncio.sleep(0.01)


def paid(database_url: str) -> tuple[int, int, int, int, int]:
    """Count images, charges and charged images; what was charged, and what is held still."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM images), count(*), count(DISTINCT image_id), "
            "coalesce(sum(amount), 0), (SELECT count(*) FROM reservations) FROM charges"
        ).fetchone()
    assert row is not None
    images, charges, charged, amount, reservations = (int(value) for value in row)
    return images, charges, charged, amount, reservations
