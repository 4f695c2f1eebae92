"""A batch through the deaths of its server: nothing lost, nothing paid twice.

A round or two here; `make test-survival` runs sixty.
"""

import asyncio
import os
import random
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed

from tests.batches.conftest import GENERATE_BATCH, READ
from tests.servers.postgres import PostgresServer
from tests.servers.process import product_process
from tests.servers.product import FLUX
from tests.servers.subscriber import subscriber
from tests.servers.workers_ai_app import WorkersAIStandin

pytestmark = pytest.mark.anyio

PICTURES: Final = 40
CONCURRENCY: Final = 8
ROUNDS: Final = int(os.environ.get("SURVIVAL_ROUNDS", "1"))
SEED: Final = int(os.environ.get("SURVIVAL_SEED", "20261122"))
END_SECONDS: Final = 60.0
PROGRESS: Final = """subscription P($id: ID!, $after: Int!) {
  batchProgress(id: $id, after: $after) { finishedItems { sequence } } }"""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """PostgreSQL's address; empty text for SQLite."""
    if request.param == "sqlite":
        return ""
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.setting(server.create_database(request.getfixturevalue("migrated_postgres")))


@pytest.mark.parametrize("number", range(ROUNDS))
async def test_a_killed_servers_batch_ends_whole(
    tmp_path: Path, standin: WorkersAIStandin, database_url: str, number: int
) -> None:
    standin.latency = 0.1
    moment = random.Random(SEED + number).uniform(0.0, PICTURES * standin.latency / CONCURRENCY)
    async with serving(tmp_path, standin, database_url) as (client, process):
        prompts = [f"A red fox, {index}" for index in range(PICTURES)]
        wanted = {"model": FLUX, "pictures": {"prompts": prompts}, "maxCost": 0.4}
        payload = (await ask(client, GENERATE_BATCH, input=wanted))["generateBatch"]
        assert payload["userErrors"] == []
        watched = asyncio.create_task(watch(str(client.base_url), payload["batch"]["id"], 0))
        while not standin.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(moment)  # the round's own moment
        process.kill()
        await process.wait()
        seen = await watched
    async with serving(tmp_path, standin, database_url) as (client, _):
        later = watch(str(client.base_url), payload["batch"]["id"], seen[-1] if seen else 0)
        batch, rest = await asyncio.gather(ended(client, payload["batch"]["id"]), later)
    assert seen + rest == list(range(1, PICTURES + 1))
    items = [edge["node"] for edge in batch["items"]["edges"]]
    assert batch["status"] == "SUCCEEDED"
    counts = [batch[name] for name in ("total", "succeeded", "sequence", "queued", "running")]
    assert counts == [PICTURES, PICTURES, PICTURES, 0, 0]
    assert sorted(item["sequence"] for item in items) == list(range(1, PICTURES + 1))
    assert batch["cost"] == 0.4
    images = {item["image"]["id"] for item in items}
    assert len(images) == PICTURES
    again = sum(item["attempts"] - 1 for item in items)
    assert again <= CONCURRENCY
    assert len(standin.requests) - PICTURES <= again
    assert set(rows(tmp_path, database_url, "SELECT id FROM images")) == images
    charged = rows(tmp_path, database_url, "SELECT image_id FROM charges WHERE kind = 'charge'")
    assert sorted(charged) == sorted(images)
    kept = {path.stem for path in (tmp_path / "data" / "images" / "generated").glob("img_*.jpg")}
    assert kept == images


@asynccontextmanager
async def serving(
    folder: Path, standin: WorkersAIStandin, database_url: str
) -> AsyncIterator[tuple[httpx.AsyncClient, asyncio.subprocess.Process]]:
    settings = {
        "CLOUDFLARE_ACCOUNT_ID": standin.account_id,
        "CLOUDFLARE_API_TOKEN": standin.token,
        "WORKERS_AI_BASE_URL": standin.base_url,
        "BATCH_CONCURRENCY": str(CONCURRENCY),
        "PROCESS_LEASE": "2",
    }
    if database_url:
        settings["DATABASE_URL"] = database_url
    async with (
        product_process(folder, settings) as running,
        httpx.AsyncClient(base_url=running.url, timeout=30) as client,
    ):
        yield client, running.process


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    response = await client.post("/graphql", json={"query": query, "variables": variables})
    answer = response.json()
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


async def ended(client: httpx.AsyncClient, batch_id: str) -> dict[str, Any]:
    """Wait for a batch's end; its counts must add up at every look."""
    async with asyncio.timeout(END_SECONDS):
        while True:
            batch: dict[str, Any] = (await ask(client, READ, id=batch_id))["batch"]
            states = ("queued", "running", "succeeded", "failed", "canceled")
            assert sum(batch[state] for state in states) == batch["total"]
            if batch["finishedAt"] is not None:
                return batch
            await asyncio.sleep(0.1)


async def watch(url: str, batch_id: str, after: int) -> list[int]:
    """Return the numbers of the events that are told until the end, the server's or the batch's."""
    seen: list[int] = []
    with suppress(ConnectionClosed):
        async with subscriber(url.rstrip("/")) as client:
            await client.subscribe(PROGRESS, id=batch_id, after=after)
            while (message := await client.receive())["type"] == "next":
                update = message["payload"]["data"]["batchProgress"]
                seen.extend(item["sequence"] for item in update["finishedItems"])
    return seen


def rows(folder: Path, database_url: str, query: str) -> Sequence[str]:
    if database_url:
        with psycopg.connect(database_url) as connection:
            return [str(row[0]) for row in connection.execute(query.encode())]
    with closing(sqlite3.connect(folder / "data" / "gql_server.db")) as connection:
        return [str(row[0]) for row in connection.execute(query)]
