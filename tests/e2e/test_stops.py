"""A stop ends within its time, whatever hangs."""

import asyncio
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.support.cable import Cable
from tests.support.postgres import PostgresServer
from tests.support.process import product_process, worker_process
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

SHUTDOWN_TIMEOUT = 1
MAX_SECONDS = SHUTDOWN_TIMEOUT + 5 + 60
"""The timeout, the seconds beyond it, and some for a busy machine; it was 200 and more."""


@pytest.fixture
def address(postgres: PostgresServer, migrated_postgres: str) -> str:
    return postgres.setting(postgres.create_database(migrated_postgres))


async def test_a_server_ends_though_its_database_is_frozen(tmp_path: Path, address: str) -> None:
    async with Cable(address).laid() as cable:
        settings = {
            "DATABASE_URL": cable.database_url,
            "SHUTDOWN_TIMEOUT": str(SHUTDOWN_TIMEOUT),
            "AUTH": "none",
        }
        async with (
            product_process(tmp_path, settings) as server,
            httpx.AsyncClient(base_url=server.url, timeout=30) as client,
        ):
            query = {"query": "{ images { totalCount } }"}
            assert "data" in (await client.post("/graphql", json=query)).json()
            cable.cut()
            waiting = asyncio.create_task(client.post("/graphql", json=query))
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            await server.end()
            assert time.monotonic() - began < MAX_SECONDS
            answers = await asyncio.gather(waiting, return_exceptions=True)
            assert not any(
                isinstance(one, httpx.Response) and "data" in one.json() for one in answers
            )


async def test_a_worker_ends_though_its_database_is_frozen(tmp_path: Path, address: str) -> None:
    async with Cable(address).laid() as cable:
        settings = {
            "DATABASE_URL": cable.database_url,
            "SHUTDOWN_TIMEOUT": str(SHUTDOWN_TIMEOUT),
        }
        async with worker_process(tmp_path, settings) as worker:
            async with asyncio.timeout(WAIT_SECONDS):
                while not (tmp_path / "data" / "images").is_dir():
                    await asyncio.sleep(0.05)
            cable.cut()
            began = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            await worker.wait()
            assert time.monotonic() - began < MAX_SECONDS
