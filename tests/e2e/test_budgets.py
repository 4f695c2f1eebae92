"""A crowd of requests against a budget: what it pays for, to the picture."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.postgres import PostgresServer
from tests.support.process import server_process, workers_ai_environment
from tests.support.running_app import FLUX
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

SET_BUDGET = """mutation { setBudget(input: {limit: 0.37, period: MONTHLY}) {
  userErrors { message } } }"""
GENERATE = """mutation G($input: GenerateImageInput!) { generateImage(input: $input) {
  image { id } userErrors { __typename } } }"""
BUDGET = "{ costAnalytics { totalImages totalCost budget { spent reserved remaining } } }"
CHARGES = "SELECT count(*), count(DISTINCT image_id), sum(amount) FROM charges"
HELD = "SELECT count(*) FROM reservations"


@pytest.mark.parametrize(
    ("processes", "requests"),
    [
        pytest.param(2, 100, id="postgresql", marks=pytest.mark.processes),
        pytest.param(2, 300, id="postgresql, more", marks=pytest.mark.survival),
        pytest.param(1, 300, id="sqlite", marks=pytest.mark.survival),
    ],
)
async def test_of_a_crowd_at_once_thirty_seven_are_paid_for_and_made(
    tmp_path: Path,
    fake_workers_ai: FakeWorkersAI,
    postgres: PostgresServer,
    migrated_postgres: str,
    processes: int,
    requests: int,
) -> None:
    fake_workers_ai.latency = 0.2
    # Under this load processes are taken for dead that are only slow.
    settings = workers_ai_environment(fake_workers_ai, PROCESS_LEASE="1")
    database_url = ""
    if processes > 1:
        database_url = postgres.setting(postgres.create_database(migrated_postgres))
        settings["DATABASE_URL"] = database_url
    async with AsyncExitStack() as stack:
        starting = (server_process(tmp_path, settings) for _ in range(processes))
        servers = await asyncio.gather(*(stack.enter_async_context(one) for one in starting))
        await ask(servers[0].url, SET_BUDGET)
        answers = await asyncio.gather(
            *(ask_at_once(server.url, requests // processes) for server in servers)
        )
        found = await ask(servers[0].url, BUDGET)
    outcomes = Counter(outcome for some in answers for outcome in some)
    assert outcomes == {"picture": 37, "BudgetExceeded": requests - 37}
    assert len(fake_workers_ai.requests) == 37
    assert found["costAnalytics"] == {
        "totalImages": 37,
        "totalCost": 0.37,
        "budget": {"spent": 0.37, "reserved": 0, "remaining": 0},
    }
    assert read(tmp_path, database_url, CHARGES) == (37, 37, 370_000_000)
    assert read(tmp_path, database_url, HELD) == (0,)


async def ask(url: str, query: str, **variables: Any) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        answer = await client.post("/graphql", json={"query": query, "variables": variables})
    data: dict[str, Any] = answer.json()["data"]
    return data


async def ask_at_once(url: str, times: int) -> list[str]:
    """Ask for so many pictures at once; return what became of each."""
    body = {
        "query": GENERATE,
        "variables": {"input": {"prompt": "A red fox in the snow", "model": FLUX}},
    }
    limits = httpx.Limits(max_connections=times)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        answers = await asyncio.gather(*(client.post("/graphql", json=body) for _ in range(times)))
    payloads = [answer.json()["data"]["generateImage"] for answer in answers]
    return [
        "picture" if payload["image"] else payload["userErrors"][0]["__typename"]
        for payload in payloads
    ]


def read(folder: Path, database_url: str, query: str) -> tuple[int, ...]:
    if database_url:
        with psycopg.connect(database_url) as connection:
            row = connection.execute(query.encode()).fetchone()
    else:
        with closing(sqlite3.connect(folder / "data" / "gql_server.db")) as connection:
            row = connection.execute(query).fetchone()
    assert row is not None
    return tuple(int(value) for value in row)
