"""Batches on PostgreSQL whose workers die and freeze, whose database restarts, whose calls fail."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.servers.batch_client import BatchClient
from tests.servers.postgres import PostgresServer
from tests.servers.process import product_process, worker_process
from tests.servers.workers_ai_app import WorkersAIStandin
from tests.servers.workers_ai_behaviours import Exchange, error, out_of_capacity

pytestmark = pytest.mark.anyio

PICTURES: Final = 60


@pytest.fixture
def settings(
    standin: WorkersAIStandin, postgres: PostgresServer, migrated_postgres: str
) -> dict[str, str]:
    return {
        "CLOUDFLARE_ACCOUNT_ID": standin.account_id,
        "CLOUDFLARE_API_TOKEN": standin.token,
        "WORKERS_AI_BASE_URL": standin.base_url,
        "WORKERS_AI_REQUESTS_PER_MINUTE": "10000000",
        "DATABASE_URL": postgres.setting(postgres.create_database(migrated_postgres)),
        "BATCH_CONCURRENCY": "4",
        "PROCESS_LEASE": "2",
    }


@asynccontextmanager
async def working(
    folder: Path, settings: dict[str, str], workers: int
) -> AsyncIterator[tuple[BatchClient, list[asyncio.subprocess.Process]]]:
    """Start a server that only serves, and workers."""
    async with AsyncExitStack() as stack:
        server = product_process(folder, settings, "--no-worker")
        started = [worker_process(folder, settings) for _ in range(workers)]
        serving = asyncio.create_task(stack.enter_async_context(server))
        processes = await asyncio.gather(*(stack.enter_async_context(one) for one in started))
        yield BatchClient((await serving).url), processes


async def called(standin: WorkersAIStandin, calls: int) -> None:
    async with asyncio.timeout(30):
        while len(standin.requests) < calls:
            await asyncio.sleep(0.01)


def is_paid_once(settings: dict[str, str]) -> bool:
    with psycopg.connect(settings["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM images), count(*), count(DISTINCT image_id), "
            "sum(amount), (SELECT count(*) FROM reservations) FROM charges"
        ).fetchone()
    return row == (PICTURES, PICTURES, PICTURES, PICTURES * 10_000_000, 0)


async def test_workers_that_die_and_freeze_lose_and_repeat_nothing_that_was_paid(
    tmp_path: Path, standin: WorkersAIStandin, settings: dict[str, str]
) -> None:
    standin.latency = 0.3
    async with working(tmp_path, settings, 3) as (client, workers):
        batch_id = await client.generate(PICTURES)
        watched = asyncio.create_task(client.watch(batch_id))
        await called(standin, 20)
        workers[0].kill()
        workers[1].send_signal(signal.SIGSTOP)
        batch = await client.ended(batch_id)
        workers[1].send_signal(signal.SIGCONT)
        again = await client.generate(4)
        assert (await client.ended(again))["status"] == "SUCCEEDED"
        assert await client.read(batch_id) == batch
        assert await watched == list(range(1, PICTURES + 1))
    assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", PICTURES)
    begun_again = sum(item["attempts"] - 1 for item in batch["items"])
    assert begun_again <= 2 * (4 + 4 + 1)  # of two workers: in flight, to be kept, and the next
    assert len(standin.requests) <= PICTURES + begun_again + 4
    with psycopg.connect(settings["DATABASE_URL"]) as connection:
        paid = connection.execute("SELECT count(*), count(DISTINCT image_id) FROM charges")
        assert paid.fetchone() == (PICTURES + 4, PICTURES + 4)


@pytest.mark.survival
async def test_a_database_that_drops_every_connection_loses_nothing(
    tmp_path: Path, standin: WorkersAIStandin, settings: dict[str, str]
) -> None:
    standin.latency = 0.2
    async with working(tmp_path, settings, 1) as (client, _):
        batch_id = await client.generate(PICTURES)
        for calls in (10, 30):
            await called(standin, calls)
            with psycopg.connect(settings["DATABASE_URL"], autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        batch = await client.ended(batch_id)
    assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", PICTURES)
    assert is_paid_once(settings)


@pytest.mark.survival
async def test_calls_that_fail_in_ways_that_pass_cost_no_item(
    tmp_path: Path, standin: WorkersAIStandin, settings: dict[str, str]
) -> None:
    chance = random.Random(7)
    troubles = [
        out_of_capacity(),
        error(3007, 408),
        error(3008, 408),
        error(None, 502),
        error(None, 503),
    ]

    async def sometimes(exchange: Exchange) -> None:
        if chance.random() < 0.3:
            await chance.choice(troubles)(exchange)
        else:
            await exchange.answer(exchange.reply_with_picture())

    standin.always = sometimes
    settings = settings | {"WORKERS_AI_MAX_ATTEMPTS": "10"}
    async with working(tmp_path, settings, 1) as (client, _):
        batch_id = await client.generate(PICTURES)
        batch = await client.ended(batch_id, seconds=100)
    assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", PICTURES)
    assert is_paid_once(settings)
    assert len(standin.requests) > PICTURES
