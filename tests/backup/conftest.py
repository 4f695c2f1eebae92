"""The commands, and a server's data without a server."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.engine import URL
from typer.testing import CliRunner, Result

from gql_server.bootstrap.store_identity import adopt
from gql_server.cli.root import cli
from gql_server.database.engine.engine import Database
from gql_server.storage.folder import FolderStore
from gql_server.storage.store import StoredObject
from tests.database.rows import add_image
from tests.support.child import child_process
from tests.support.sqlite import make_sqlite

Command = Callable[..., Awaitable[Result]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command on a data folder, in a thread, because it has a loop of its own."""

    async def run(data_dir: Path, *arguments: str | Path) -> Result:
        monkeypatch.setenv("DATA_DIR", str(data_dir))
        result = await asyncio.to_thread(CliRunner().invoke, cli, list(map(str, arguments)))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return run


async def run_beside(data_dir: Path, *arguments: str | Path) -> tuple[int | None, str]:
    """Run a command in a process of its own, beside a server of this one; return its output."""
    command = (sys.executable, "-m", "gql_server", *map(str, arguments))
    environment = os.environ | {"DATA_DIR": str(data_dir)}
    async with child_process(*command, env=environment, stdout=PIPE, stderr=STDOUT) as process:
        output, _ = await process.communicate()
        return process.returncode, output.decode()


@dataclass(frozen=True)
class Data:
    """The data of a server that does not run."""

    folder: Path
    database: Database
    store: FolderStore

    async def image(self, data: bytes = b"bytes") -> str:
        """Add an image; return its key."""
        image = await add_image(self.database, size_bytes=len(data))
        await self.store.put(image.storage_key, StoredObject(data=data, content_type="image/png"))
        return image.storage_key


@pytest.fixture
async def data(tmp_path: Path) -> AsyncIterator[Data]:
    folder = tmp_path / "data"
    make_sqlite(folder / "gql_server.db")
    database = Database(URL.create("sqlite+aiosqlite", database=str(folder / "gql_server.db")))
    store = FolderStore(folder / "images", "http://127.0.0.1:8000")
    await adopt(database, store)
    yield Data(folder, database, store)
    await database.close()
