"""A batch through the deaths of its server: nothing lost, nothing paid twice.

A round or two here; `make test-survival` runs sixty.
"""

import asyncio
import os
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.support.batch_client import BatchClient
from tests.support.postgres import PostgresServer
from tests.support.process import server_process, workers_ai_environment
from tests.support.waiting import WAIT_SECONDS
from tests.support.worker_cluster import called
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import error

pytestmark = pytest.mark.anyio

PICTURES: Final = 40
CONCURRENCY: Final = 8
MAX_STARTED: Final = 2 * CONCURRENCY + CONCURRENCY // 4
"""In flight, waiting to be kept, and about to be called."""
ROUNDS: Final = int(os.environ.get("SURVIVAL_ROUNDS", "1"))
SEED: Final = int(os.environ.get("SURVIVAL_SEED", "20261122"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """PostgreSQL's address; empty text for SQLite."""
    if request.param == "sqlite":
        return ""
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.setting(server.create_database(request.getfixturevalue("migrated_postgres")))


@pytest.mark.parametrize("number", range(ROUNDS))
async def test_a_killed_servers_batch_ends_whole(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, database_url: str, number: int
) -> None:
    fake_workers_ai.latency = 0.1
    moment = random.Random(SEED + number).uniform(
        0.0, PICTURES * fake_workers_ai.latency / CONCURRENCY
    )
    settings = settings_of(fake_workers_ai, database_url)
    async with server_process(tmp_path, settings) as running:
        client = BatchClient(running.url)
        batch_id = await client.generate(PICTURES)
        watched = asyncio.create_task(client.watch(batch_id))
        while not fake_workers_ai.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(moment)  # the round's own moment
        running.process.kill()
        await running.process.wait()
        seen = await watched
    started = rows(
        tmp_path, database_url, "SELECT image_id FROM batch_items WHERE status = 'running'"
    )
    lost = set(started) - kept_images(tmp_path)  # neither in the store nor told as ended
    async with server_process(tmp_path, settings) as running:
        client = BatchClient(running.url)
        later = client.watch(batch_id, seen[-1] if seen else 0)
        batch, rest = await asyncio.gather(client.ended(batch_id), later)
    assert seen + rest == list(range(1, PICTURES + 1))
    assert batch["status"] == "SUCCEEDED"
    counts = [batch[name] for name in ("total", "succeeded", "sequence", "queued", "running")]
    assert counts == [PICTURES, PICTURES, PICTURES, 0, 0]
    assert sorted(item["sequence"] for item in batch["items"]) == list(range(1, PICTURES + 1))
    assert batch["cost"] == 0.4
    images = {item["image"]["id"] for item in batch["items"]}
    assert len(images) == PICTURES
    assert len(started) <= MAX_STARTED
    assert sum(item["attempts"] - 1 for item in batch["items"]) >= len(started)
    # What was in the store is not called for again, and of the rest nothing that had not begun.
    assert len(fake_workers_ai.requests) - PICTURES <= len(lost)
    assert set(rows(tmp_path, database_url, "SELECT id FROM images")) == images
    charged = rows(tmp_path, database_url, "SELECT image_id FROM charges WHERE kind = 'charge'")
    assert sorted(charged) == sorted(images)
    assert kept_images(tmp_path) == images


@pytest.mark.survival
async def test_a_batch_continues_whose_server_was_killed_while_it_waited_and_while_it_tried_one(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, database_url: str
) -> None:
    settings = settings_of(fake_workers_ai, database_url)
    fake_workers_ai.always = error(10000, 401)
    async with server_process(tmp_path, settings) as running:
        client = BatchClient(running.url)
        batch_id = await client.generate(PICTURES)
        async with asyncio.timeout(WAIT_SECONDS):
            while (await client.read(batch_id))["status"] != "PAUSED":
                await asyncio.sleep(0.05)
        running.process.kill()
    refused = len(fake_workers_ai.requests)
    assert refused <= MAX_STARTED
    rows(tmp_path, database_url, "UPDATE batches SET resumes_at = created_at RETURNING id")
    fake_workers_ai.reset()
    fake_workers_ai.latency = 2.0
    async with server_process(tmp_path, settings) as running:
        await called(fake_workers_ai, 1)
        assert (await BatchClient(running.url).read(batch_id))["running"] == 1
        running.process.kill()
    fake_workers_ai.latency = 0.05
    async with server_process(tmp_path, settings) as running:
        batch = await BatchClient(running.url).ended(batch_id)
    assert (batch["status"], batch["succeeded"], batch["cost"]) == ("SUCCEEDED", PICTURES, 0.4)
    assert len(fake_workers_ai.requests) <= PICTURES + 1
    charged = rows(tmp_path, database_url, "SELECT image_id FROM charges WHERE kind = 'charge'")
    assert sorted(charged) == sorted(item["image"]["id"] for item in batch["items"])


def settings_of(fake_workers_ai: FakeWorkersAI, database_url: str) -> dict[str, str]:
    settings = workers_ai_environment(
        fake_workers_ai, BATCH_CONCURRENCY=str(CONCURRENCY), PROCESS_LEASE="2"
    )
    return settings | ({"DATABASE_URL": database_url} if database_url else {})


def kept_images(folder: Path) -> set[str]:
    return {path.stem for path in (folder / "data" / "images" / "generated").glob("img_*.jpg")}


def rows(folder: Path, database_url: str, query: str) -> Sequence[str]:
    if database_url:
        with psycopg.connect(database_url) as connection:
            return [str(row[0]) for row in connection.execute(query.encode())]
    path = folder / "data" / "gql_server.db"
    with closing(sqlite3.connect(path)) as file, file:
        return [str(row[0]) for row in file.execute(query)]
