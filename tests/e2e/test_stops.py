"""A stop ends within its time, whatever hangs."""

import asyncio
import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.support.network_link import NetworkLink
from tests.support.postgres import PostgresServer
from tests.support.process import server_process, worker_process
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

SHUTDOWN_TIMEOUT = 1
MAX_SECONDS = SHUTDOWN_TIMEOUT + 5 + 60
"""The timeout, the seconds beyond it, and some for a busy machine; it was 200 and more."""


@pytest.fixture
def address(postgres: PostgresServer, migrated_postgres: str) -> str:
    return postgres.setting(postgres.create_database(migrated_postgres))


async def test_a_server_ends_though_its_database_is_frozen(tmp_path: Path, address: str) -> None:
    async with NetworkLink(address).opened() as link:
        settings = {
            "DATABASE_URL": link.database_url,
            "SHUTDOWN_TIMEOUT": str(SHUTDOWN_TIMEOUT),
            "AUTH": "none",
        }
        async with (
            server_process(tmp_path, settings) as server,
            httpx.AsyncClient(base_url=server.url, timeout=30) as client,
        ):
            query = {"query": "{ images { totalCount } }"}
            assert "data" in (await client.post("/graphql", json=query)).json()
            link.cut()
            waiting = [
                asyncio.create_task(client.post("/graphql", json=query)),
                asyncio.create_task(client.get("/api/images")),
            ]
            for _ in range(3):  # what is asked after them is answered after they have come
                await client.get("/health")
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            await server.end()
            assert time.monotonic() - began < MAX_SECONDS
            for answer in await asyncio.gather(*waiting):
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
                assert answer.headers["content-type"] == "application/json"
            (error,) = (await waiting[0]).json()["errors"]
            assert error["message"].startswith("The server stopped before it could answer.")
            assert error["extensions"] == {
                "code": "UNAVAILABLE",
                "retryable": True,
                "retryAfter": 5,
            }
            assert (await waiting[1]).json()["details"]["message"] == error["message"]


async def test_a_worker_ends_though_its_database_is_frozen(tmp_path: Path, address: str) -> None:
    async with NetworkLink(address).opened() as link:
        settings = {
            "DATABASE_URL": link.database_url,
            "SHUTDOWN_TIMEOUT": str(SHUTDOWN_TIMEOUT),
        }
        async with worker_process(tmp_path, settings) as worker:
            async with asyncio.timeout(WAIT_SECONDS):
                while not (tmp_path / "data" / "images").is_dir():
                    await asyncio.sleep(0.05)
            link.cut()
            began = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            await worker.wait()
            assert time.monotonic() - began < MAX_SECONDS
