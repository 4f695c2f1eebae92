"""One key over several processes, and over their deaths: one image, one charge."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.postgres import PostgresServer
from tests.support.process import ServerProcess, server_process, workers_ai_environment
from tests.support.running_app import FLUX, GENERATE
from tests.support.waiting import until
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

PICTURE = {"prompt": "A red fox", "model": FLUX, "idempotencyKey": "order 42"}


def settings_of(fake_workers_ai: FakeWorkersAI, **more: str) -> dict[str, str]:
    return workers_ai_environment(fake_workers_ai, PROCESS_LEASE="5", **more)


@pytest.fixture
def database_url(postgres: PostgresServer, migrated_postgres: str) -> str:
    return postgres.setting(postgres.create_database(migrated_postgres))


async def ask(url: str, times: int) -> list[dict[str, Any] | BaseException]:
    """Send the same request so many times at once; return the payloads."""
    body = {"query": GENERATE, "variables": {"input": PICTURE}}
    limits = httpx.Limits(max_connections=times)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        answers = await asyncio.gather(
            *(client.post("/graphql", json=body) for _ in range(times)), return_exceptions=True
        )
    return [
        answer if isinstance(answer, BaseException) else answer.json()["data"]["generateImage"]
        for answer in answers
    ]


async def ask_rest(url: str, times: int) -> set[str]:
    """Send the same request so many times at once over REST; return the ids of the images."""
    body = {name: PICTURE[name] for name in ("prompt", "model")}
    headers = {"Idempotency-Key": PICTURE["idempotencyKey"]}
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        answers = await asyncio.gather(
            *(client.post("/api/generate", json=body, headers=headers) for _ in range(times))
        )
    assert {answer.status_code for answer in answers} == {201}
    return {answer.json()["id"] for answer in answers}


async def two_processes(
    stack: AsyncExitStack, folder: Path, settings: dict[str, str]
) -> Sequence[ServerProcess]:
    starting = (server_process(folder, settings) for _ in range(2))
    return await asyncio.gather(*(stack.enter_async_context(process) for process in starting))


def ledger(database_url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(
            "SELECT images.id, charges.amount FROM images FULL JOIN charges "
            "ON charges.image_id = images.id"
        ).fetchall()


async def test_a_hundred_requests_over_two_processes_and_both_apis_are_one_image(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, database_url: str
) -> None:
    fake_workers_ai.latency = 1.0
    async with AsyncExitStack() as stack:
        processes = await two_processes(
            stack, tmp_path, settings_of(fake_workers_ai, DATABASE_URL=database_url)
        )
        sent_by_rest = [asyncio.create_task(ask_rest(one.url, 10)) for one in processes]
        answers = await asyncio.gather(*(ask(process.url, 50) for process in processes))
        by_rest = await asyncio.gather(*sent_by_rest)
    payloads = [payload for some in answers for payload in some]
    images = [without_host(payload) for payload in payloads]
    assert images == [images[0]] * 100
    assert by_rest == [{images[0]["id"]}] * 2
    assert len(fake_workers_ai.requests) == 1
    assert ledger(database_url) == [(images[0]["id"], 10_000_000)]


async def test_the_image_of_a_killed_process_is_made_by_another_once(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, database_url: str
) -> None:
    async with AsyncExitStack() as stack:
        first, second = await two_processes(
            stack, tmp_path, settings_of(fake_workers_ai, DATABASE_URL=database_url)
        )
        with fake_workers_ai.held():
            to_first = asyncio.create_task(ask(first.url, 30))
            await until(lambda: bool(fake_workers_ai.requests))
            to_second = asyncio.create_task(ask(second.url, 30))
            claimed = key_row(database_url)
            first.process.kill()
            assert all(isinstance(answer, httpx.HTTPError) for answer in await to_first)
        images = [without_host(payload) for payload in await to_second]
    assert images == [images[0]] * 30
    assert len(fake_workers_ai.requests) == 2
    assert images[0]["id"] == claimed
    assert fake_workers_ai.requests[0].parameters == fake_workers_ai.requests[1].parameters
    assert ledger(database_url) == [(claimed, 10_000_000)]


async def test_a_killed_server_finishes_the_key_when_it_is_started_again(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with server_process(tmp_path, settings_of(fake_workers_ai)) as running:
        with fake_workers_ai.held():
            request = asyncio.create_task(ask(running.url, 1))
            await until(lambda: bool(fake_workers_ai.requests))
            running.process.kill()
            assert isinstance((await request)[0], httpx.HTTPError)
    async with server_process(tmp_path, settings_of(fake_workers_ai)) as running:
        (payload,) = await ask(running.url, 1)
        assert await ask(running.url, 2) == [payload] * 2
    image = without_host(payload)
    assert len(fake_workers_ai.requests) == 2
    with sqlite3.connect(tmp_path / "data" / "gql_server.db") as connection:
        assert connection.execute("SELECT image_id, amount FROM charges").fetchall() == [
            (image["id"], 10_000_000)
        ]
        keys = connection.execute("SELECT result_id FROM idempotency_keys").fetchall()
        assert keys == [(image["id"],)]
    connection.close()


def without_host(payload: dict[str, Any] | BaseException) -> dict[str, Any]:
    """Return the image, without the addresses in which each process names its own port."""
    assert isinstance(payload, dict), payload
    assert payload["userErrors"] == []
    return {name: value for name, value in payload["image"].items() if name not in {"url", "r2Url"}}


def key_row(database_url: str) -> str:
    with psycopg.connect(database_url) as connection:
        (row,) = connection.execute("SELECT result_id FROM idempotency_keys").fetchall()
    return str(row[0])
