"""`gql-server serve` and `worker` as processes, as an operator starts them."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL

from gql_server.access import keys
from gql_server.database.engine.engine import Database
from gql_server.domain.principal import Role
from tests.support.child import child_process
from tests.support.leftovers import MARK
from tests.support.sqlite import make_sqlite
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI

_MAX_LOG_BYTES: Final = 64 * 1024 * 1024
"""A server whose log is not read waits at a tenth of a megabyte: thousands of requests."""


class ServerProcess:
    """A running `gql-server serve`."""

    def __init__(self, process: Process, url: str, printed: list[str]) -> None:
        self.process = process
        self.url = url
        self.printed = printed
        """The lines of standard output until it listened."""

    async def end(self) -> tuple[int, str]:
        """Wait for its end; return its exit code and what it logged."""
        _, logged = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, logged.decode()


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return what a process gets: these settings, and what Python needs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", MARK) if name in os.environ}
    return kept | dict(settings)


def workers_ai_environment(fake_workers_ai: FakeWorkersAI, **more: str) -> dict[str, str]:
    """Return the settings by which the stand-in makes the pictures, as fast as it can; and more."""
    return {
        "CLOUDFLARE_ACCOUNT_ID": fake_workers_ai.account_id,
        "CLOUDFLARE_API_TOKEN": fake_workers_ai.token,
        "WORKERS_AI_BASE_URL": fake_workers_ai.base_url,
        "WORKERS_AI_REQUESTS_PER_MINUTE": "10000000",
        "WORKERS_AI_REQUESTS_PER_MINUTE_THIRD_PARTY": "10000000",
        "PROVIDER_ALLOW_PRIVATE": "1",
    } | more


async def run_gql_server(
    *arguments: str, folder: Path, settings: Mapping[str, str]
) -> tuple[int, str, str]:
    """Run a command to its end; return its exit code and what it printed and logged."""
    command = (sys.executable, "-m", "gql_server", *arguments)
    async with child_process(
        *command, cwd=folder, env=environment(settings), stdout=PIPE, stderr=PIPE
    ) as process:
        printed, logged = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode(), logged.decode()


async def create_key(folder: Path, role: str, *, user: str = "ann") -> str:
    """Make an API key for a server that will be started in the folder; return its secret."""
    file = folder / "data" / "gql_server.db"
    make_sqlite(file)
    database = Database(URL.create("sqlite+aiosqlite", database=str(file)))
    try:
        created = await keys.create_key(database, keys.KeyDraft(user_id=user, role=Role(role)))
    finally:
        await database.close()
    return created.secret


@asynccontextmanager
async def worker_process(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[Process]:
    """Start `gql-server worker` in a folder, and kill it at the end where it still runs."""
    command = (sys.executable, "-m", "gql_server", "worker")
    async with child_process(
        *command, cwd=folder, env=environment(settings), stderr=DEVNULL
    ) as process:
        yield process


@asynccontextmanager
async def server_process(
    folder: Path,
    settings: Mapping[str, str],
    *options: str,
    port: int | None = None,
    is_new: bool = False,
    python: Path | str = sys.executable,
) -> AsyncIterator[ServerProcess]:
    """Start `gql-server serve` in a folder, and kill it at the end where it still runs.

    On SQLite it finds a database that has been migrated, unless ``is_new``. ``python`` is that of
    the environment which the server is installed in.
    """
    port = port or free_port()
    if not is_new and settings.keys().isdisjoint({"DATABASE_URL", "DATA_DIR"}):
        make_sqlite(folder / "data" / "gql_server.db")
    command = (python, "-m", "gql_server", "serve", *options)
    async with child_process(
        *command,
        cwd=folder,
        env=environment({**settings, "PORT": str(port)}),
        stdout=PIPE,
        stderr=PIPE,
        limit=_MAX_LOG_BYTES,
    ) as process:
        assert process.stdout is not None
        printed: list[str] = []
        async with asyncio.timeout(WAIT_SECONDS):
            while not any(line.startswith("Playground:") for line in printed):
                line = await process.stdout.readline()
                assert line, (await process.communicate())[1].decode()
                printed.append(line.decode().strip())
        yield ServerProcess(process, f"http://127.0.0.1:{port}", printed)
