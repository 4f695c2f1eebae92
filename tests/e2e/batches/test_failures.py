"""Batches whose database or store goes away, and whose calls fail: `make test-survival`."""

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import psycopg
import pytest

from gql_server.database.engine.engine import Database
from gql_server.database.engine.migration import migrate
from gql_server.jobs.engine_database import migrate_engine
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, running_s3
from tests.support.worker_cluster import called, cluster_settings, paid, worker_cluster
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    Exchange,
    cut_off,
    dropped,
    error,
    html_page,
    out_of_capacity,
    reset,
    server_error_page,
    slow,
    truncated_picture,
)

pytestmark = [pytest.mark.anyio, pytest.mark.survival]

PICTURES: Final = 60
ALL_PAID_ONCE: Final = (PICTURES, PICTURES, PICTURES, PICTURES * 10_000_000, 0)


@pytest.fixture
async def own_postgres() -> AsyncIterator[tuple[PostgresServer, str]]:
    """A server that may be stopped, and the address of a database on it."""
    with running_postgres() as server:
        name = server.create_database()
        await migrate_engine(server.url(name))
        database = Database(server.url(name))
        await migrate(database)
        await database.close()
        yield server, server.setting(name)


async def test_a_database_that_drops_every_connection_loses_nothing(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, settings: dict[str, str]
) -> None:
    fake_workers_ai.latency = 0.2
    async with worker_cluster(tmp_path, settings, 1) as (client, _):
        batch_id = await client.generate(PICTURES)
        for calls in (10, 30):
            await called(fake_workers_ai, calls)
            with psycopg.connect(settings["DATABASE_URL"], autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        batch = await client.ended(batch_id)
    assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", PICTURES)
    assert paid(settings["DATABASE_URL"]) == ALL_PAID_ONCE


async def test_a_database_that_is_started_again_finds_its_batch_going_on(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, own_postgres: tuple[PostgresServer, str]
) -> None:
    server, address = own_postgres
    fake_workers_ai.latency = 0.3
    async with worker_cluster(tmp_path, cluster_settings(fake_workers_ai, address), 2) as (
        client,
        _,
    ):
        batch_id = await client.generate(PICTURES)
        for calls, seconds in ((10, 1.0), (30, 6.0)):  # shorter and longer than a lease
            await called(fake_workers_ai, calls)
            server.stop()
            await asyncio.sleep(seconds)
            server.start()
        batch = await client.ended(batch_id, seconds=120)
    assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", PICTURES)
    assert paid(address) == ALL_PAID_ONCE
    started_again = sum(item["attempts"] - 1 for item in batch["items"])
    assert len(fake_workers_ai.requests) <= PICTURES + started_again
    kept = {path.stem for path in (tmp_path / "data/images/generated").glob("img_*.jpg")}
    assert kept == {item["image"]["id"] for item in batch["items"]}


async def test_a_worker_stops_when_it_should_though_its_database_is_away(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, own_postgres: tuple[PostgresServer, str]
) -> None:
    server, address = own_postgres
    fake_workers_ai.latency = 1.0
    settings = cluster_settings(fake_workers_ai, address) | {"SHUTDOWN_TIMEOUT": "1"}
    async with worker_cluster(tmp_path, settings, 1) as (client, (worker,)):
        await client.generate(PICTURES)
        await called(fake_workers_ai, 8)
        server.stop()
        await asyncio.sleep(2)
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        assert await worker.wait() == 0
        assert time.monotonic() - began < 10
        server.start()


async def test_a_store_that_is_away_for_twenty_seconds_costs_no_image(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, settings: dict[str, str]
) -> None:
    fake_workers_ai.latency = 0.2
    with running_s3() as s3:
        bucket = s3.make_bucket()
        settings |= {
            "R2_BUCKET": bucket,
            "R2_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "R2_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "R2_ENDPOINT_URL": s3.endpoint_url,
        }
        async with worker_cluster(tmp_path, settings, 2) as (client, _):
            batch_id = await client.generate(PICTURES)
            await called(fake_workers_ai, 12)
            await asyncio.to_thread(s3.stop)
            await asyncio.sleep(20)
            running = await client.read(batch_id)
            await asyncio.to_thread(s3.start)
            batch = await client.ended(batch_id)
        assert (running["status"], running["failed"]) == ("RUNNING", 0)
        assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", PICTURES)
        kept = s3.client.list_objects_v2(Bucket=bucket, Prefix="generated/")["Contents"]
    assert len(fake_workers_ai.requests) == PICTURES
    assert len(kept) == PICTURES
    assert paid(settings["DATABASE_URL"]) == ALL_PAID_ONCE


@pytest.mark.parametrize("attempts", [None, 10])
async def test_calls_that_fail_in_every_way_that_passes_are_paid_once(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, settings: dict[str, str], attempts: int | None
) -> None:
    chance = random.Random(7)
    troubles = [
        out_of_capacity(),
        out_of_capacity(retry_after=1),
        error(3007, 408),
        error(3008, 408),
        error(None, 500),
        error(None, 503),
        server_error_page(),
        html_page(),
        slow(20),
        truncated_picture,
        cut_off,
        dropped,
        reset,
    ]

    async def sometimes(exchange: Exchange) -> None:
        if chance.random() < 0.3:
            await chance.choice(troubles)(exchange)
        else:
            await exchange.answer(exchange.reply_with_picture())

    fake_workers_ai.always = sometimes
    settings |= {"WORKERS_AI_TIMEOUT": "5"}
    settings |= {"WORKERS_AI_MAX_ATTEMPTS": str(attempts)} if attempts else {}
    async with worker_cluster(tmp_path, settings, 2) as (client, _):
        batch_id = await client.generate(PICTURES)
        batch = await client.ended(batch_id, seconds=300)
    failed = [item["error"] for item in batch["items"] if item["status"] == "FAILED"]
    made = PICTURES - len(failed)
    assert batch["succeeded"] == made
    assert all(one["__typename"] == "GenerationFailed" and one["retryable"] for one in failed)
    assert len(failed) <= (0 if attempts else 4)  # of a hundred one fails four times
    assert paid(settings["DATABASE_URL"]) == (made, made, made, made * 10_000_000, 0)
    assert len(fake_workers_ai.requests) > PICTURES
