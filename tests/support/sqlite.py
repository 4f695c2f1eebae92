"""SQLite databases in the present shape, copied from one, so that no test waits for migrations."""

import asyncio
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from sqlalchemy.engine import URL

from gql_server.database.engine.engine import Database
from gql_server.database.engine.migration import migrate


def make_sqlite(file: Path) -> None:
    """Make a database, unless there is one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        shutil.copyfile(Path(_template().name) / "migrated.db", file)


@cache
def _template() -> TemporaryDirectory[str]:
    folder = TemporaryDirectory(prefix="gql-server-tests-")
    file = Path(folder.name) / "migrated.db"
    # In a thread of its own, as there may be a running loop in this one.
    migrating = Thread(target=lambda: asyncio.run(_migrate(file)))
    migrating.start()
    migrating.join()
    return folder


async def _migrate(file: Path) -> None:
    database = Database(URL.create("sqlite+aiosqlite", database=str(file)))
    await migrate(database)
    await database.close()
