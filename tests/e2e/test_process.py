"""The server as an operator runs it: its start, its stop, and what it lets out."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from gql_server.database.engine.migration import head_revision
from gql_server.pages.not_built import HOW_TO_BUILD, pages_are_built
from tests.support.in_loop import listening
from tests.support.postgres import PostgresServer
from tests.support.process import run_gql_server, server_process, workers_ai_environment
from tests.support.running_app import FLUX, GENERATE
from tests.support.sqlite import make_sqlite
from tests.support.waiting import WAIT_SECONDS, until
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio


async def generate(url: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        response = await client.post(
            "/graphql",
            json={
                "query": GENERATE,
                "variables": {"input": {"prompt": "A red fox", "model": FLUX}},
            },
        )
        payload: dict[str, Any] = response.json()["data"]["generateImage"]
        return payload


async def until_refused(url: str) -> None:
    """Wait until a server that was told to stop accepts no more connections."""
    host, _, port = url.removeprefix("http://").partition(":")
    async with asyncio.timeout(WAIT_SECONDS):
        with suppress(ConnectionError):
            while True:
                _, writer = await asyncio.open_connection(host, int(port))
                writer.close()


async def test_a_newcomer_needs_no_settings(tmp_path: Path) -> None:
    # With a setting of the interpreter it is not forked from one that has imported everything.
    async with server_process(tmp_path, {"PYTHONUNBUFFERED": "1"}, is_new=True) as running:
        assert f"Playground: {running.url}/graphql" in running.printed
        assert (HOW_TO_BUILD in running.printed) is not pages_are_built()
        async with httpx.AsyncClient(base_url=running.url) as client:
            assert (await client.get("/health")).json() == {"status": "ok"}
            assert (await client.get("/ready")).json() == {
                "status": "ok",
                "database": "ok",
                "store": "ok",
            }
        payload = await generate(running.url)
        assert payload["image"]["isPreview"]
        running.process.send_signal(signal.SIGTERM)
        code, logged = await running.end()
    assert code == -signal.SIGTERM  # by which a server says that it was told to end
    assert "Traceback" not in logged
    assert "dbos" not in logged.lower()
    # SQLite may leave files of its own, where two connections close at the same time.
    made = {path.name for path in (tmp_path / "data").iterdir()}
    assert sorted(name for name in made if not name.endswith(("-shm", "-wal"))) == [
        "gql_server.db",
        "gql_server.jobs.db",
        "gql_server.lock",
        "images",
        "webhook_secret",
    ]


async def test_a_forked_server_is_a_process_of_its_own(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        make_sqlite(folder / "data" / "gql_server.db")
    async with (
        server_process(first, {"AUTH": "keys"}) as of_keys,
        server_process(second, {}) as of_all,
    ):
        for running, folder in ((of_keys, first), (of_all, second)):
            process = psutil.Process(running.process.pid)
            assert process.ppid() == os.getpid()
            assert os.getsid(process.pid) == process.pid
            assert Path(process.cwd()) == folder
        async with httpx.AsyncClient() as client:
            body = {"query": "{ models { id } }"}
            assert (await client.post(f"{of_keys.url}/graphql", json=body)).status_code == 401
            assert (await client.post(f"{of_all.url}/graphql", json=body)).status_code == 200
        of_keys.process.terminate()
        assert (await of_keys.end())[0] == -signal.SIGTERM


async def test_what_no_setting_asks_for_is_not_imported(tmp_path: Path) -> None:
    make_sqlite(tmp_path / "data" / "gql_server.db")
    with listening() as (_, port):
        settings = {"PORT": str(port), "PYTHONPROFILEIMPORTTIME": "1"}
        code, _, logged = await run_gql_server("serve", folder=tmp_path, settings=settings)
    assert code == 1
    assert "cannot listen" in logged.splitlines()[-1]
    imported = {line.rpartition("|")[2].strip() for line in logged.splitlines()}
    assert "gql_server.bootstrap.web" in imported
    assert imported.isdisjoint(
        {"aioboto3", "alembic", "botocore", "fastapi", "joserfc", "pyarrow", "gql_server.client"}
    )


async def test_a_stop_lets_running_images_finish_also_of_clients_that_left(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with server_process(tmp_path, workers_ai_environment(fake_workers_ai)) as running:
        with fake_workers_ai.held():
            generation = asyncio.create_task(generate(running.url))
            left = asyncio.create_task(generate(running.url))
            await until(lambda: len(fake_workers_ai.requests) == 2)
            left.cancel()
            await asyncio.wait([left])
            running.process.send_signal(signal.SIGTERM)
            await until_refused(running.url)
        payload = await generation
        assert payload["userErrors"] == []
        code, _ = await running.end()
    assert left.cancelled()
    assert code == -signal.SIGTERM  # by which a server says that it was told to end
    assert len(list((tmp_path / "data" / "images" / "generated").glob("img_*.jpg"))) == 2


async def test_a_stop_has_a_bound(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> None:
    fake_workers_ai.latency = 600
    settings = workers_ai_environment(fake_workers_ai, SHUTDOWN_TIMEOUT="0.5")
    async with server_process(tmp_path, settings) as running:
        generation = asyncio.create_task(generate(running.url))
        while not fake_workers_ai.requests:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        _, logged = await running.end()
        assert time.monotonic() - began < 60
        await asyncio.wait([generation])
        assert generation.exception() is not None
    assert "generations_given_up" in logged


async def test_a_database_of_another_version_is_not_served(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    settings = {"DATABASE_URL": postgres.setting(postgres.create_database())}
    code, _, logged = await run_gql_server("serve", folder=tmp_path, settings=settings)
    assert code != 0
    assert "gql-server migrate" in logged
    code, printed, _ = await run_gql_server("migrate", folder=tmp_path, settings=settings)
    assert code == 0
    assert printed.splitlines()[-1] == f"The database is at revision {head_revision()}."
    async with server_process(tmp_path, settings) as running:
        assert (await generate(running.url))["userErrors"] == []


async def test_a_database_that_goes_away_is_reported_without_its_password(
    tmp_path: Path, postgres: PostgresServer, migrated_postgres: str
) -> None:
    name = postgres.create_database(migrated_postgres)
    address = postgres.setting(name)
    settings = {
        # The server lets everybody in; the password is there to be found in what is let out.
        "DATABASE_URL": address.replace("postgres:@", "postgres:secret-password@"),
        "SHUTDOWN_TIMEOUT": "0",
    }
    assert "secret-password" in settings["DATABASE_URL"]
    async with server_process(tmp_path, settings) as running:
        async with httpx.AsyncClient(base_url=running.url, timeout=30) as client:
            query = {"query": "{ images { edges { node { id } } } }"}
            assert "errors" not in (await client.post("/graphql", json=query)).json()
            postgres.drop_database(name)
            answer = (await client.post("/graphql", json=query)).json()
            ready = await client.get("/ready")
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        _, logged = await running.end()
        assert time.monotonic() - began < 60
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE", "retryable": True, "retryAfter": 2}
    assert ready.status_code == 503
    assert ready.json() == {
        "status": "failing",
        "database": "failing",
        "store": "ok",
        "problems": {"database": "The database does not answer or takes no writes."},
    }
    assert "database_unavailable" in logged
    assert "not_ready" in logged
    assert "secret-password" not in f"{answer} {running.printed} {logged}"
