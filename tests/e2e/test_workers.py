"""Background work as an operator runs it: in the server, or in workers of their own."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.support.child import child_process
from tests.support.postgres import PostgresServer
from tests.support.process import environment, run_gql_server, server_process
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio


async def test_a_second_server_on_the_same_data_refuses_to_start(tmp_path: Path) -> None:
    async with server_process(tmp_path, {}) as running:
        code, _, logged = await run_gql_server("serve", folder=tmp_path, settings={"PORT": "1"})
        assert code == 1
        assert logged.strip().splitlines()[-1] == (
            "DATA_DIR: another server runs on this data (it holds data/gql_server.lock)"
        )
        running.process.kill()
        await running.end()
    async with server_process(tmp_path, {}):
        pass


@pytest.mark.parametrize("command", [["worker"], ["serve", "--no-worker"]])
async def test_workers_apart_from_the_server_need_postgresql(
    tmp_path: Path, command: list[str]
) -> None:
    code, _, logged = await run_gql_server(*command, folder=tmp_path, settings={})
    assert (code, "DATABASE_URL" in logged) == (1, True)


async def test_a_worker_works_listens_to_no_one_and_ends_when_it_should(
    tmp_path: Path, postgres: PostgresServer, migrated_postgres: str
) -> None:
    url = postgres.setting(postgres.create_database(migrated_postgres))
    command = (sys.executable, "-m", "gql_server", "worker")
    async with child_process(
        *command, cwd=tmp_path, env=environment({"DATABASE_URL": url}), stderr=PIPE
    ) as process:
        assert process.stderr is not None
        async with asyncio.timeout(WAIT_SECONDS):
            while '"event": "started"' not in (line := (await process.stderr.readline()).decode()):
                assert line
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM processes").fetchone() == (1,)
        listening = [
            one for one in psutil.Process(process.pid).net_connections() if one.status == "LISTEN"
        ]
        assert listening == []
        process.send_signal(signal.SIGTERM)
        _, logged = await process.communicate()
    assert process.returncode == 0
    assert [line for line in logged.decode().splitlines() if '"level": "info"' not in line] == []
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM processes").fetchone() == (0,)
