"""Short reads of SQLite run in the event loop's thread, long ones beside it."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import URL

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from tests.support.sqlite import make_sqlite

pytestmark = pytest.mark.anyio

LONG = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
SELECT count(*) FROM n"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    make_sqlite(tmp_path / "test.db")
    return tmp_path / "test.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    database = Database(URL.create("sqlite+aiosqlite", database=str(path)))
    yield database
    await database.close()


async def read(database: Database, statement: str) -> Any:
    async with database.read() as connection:
        return (await connection.execute(text(statement))).scalar_one()


def threads_of(database: Database) -> list[str]:
    """Collect where statements are run from now on."""
    found: list[str] = []
    for engine in database.sync_engines:

        def note(*_: Any, is_async: bool = "aio" in engine.driver) -> None:
            found.append("pool" if is_async else threading.current_thread().name)

        event.listen(engine, "after_cursor_execute", note)
    return found


async def test_a_short_read_takes_no_thread_and_no_connection(database: Database) -> None:
    threads = threads_of(database)
    before = threading.active_count()
    for _ in range(50):
        assert await asyncio.gather(*(read(database, "SELECT 7") for _ in range(3))) == [7, 7, 7]
    assert set(threads) == {threading.main_thread().name}
    assert threading.active_count() == before


async def test_a_long_read_does_not_hold_up_the_loop(database: Database) -> None:
    threads = threads_of(database)
    assert await read(database, LONG) == 300_000
    assert threads == ["pool"]
    # Its like is not tried again in the loop.
    assert await read(database, LONG) == 300_000
    assert threads == ["pool", "pool"]
    assert await read(database, "SELECT 8") == 8


async def test_rows_are_all_there_when_a_read_returns(database: Database, path: Path) -> None:
    async with database.read() as connection:
        first = await connection.execute(text("SELECT 1 UNION SELECT 2 UNION SELECT 3"))
        second = await connection.execute(text("SELECT 4"))
        assert first.fetchone() == (1,)
        assert second.all() == [(4,)]
        assert first.fetchmany(1) == [(2,)]
        assert first.all() == [(3,)]
    # Nothing is left open that would keep the log of writes from being taken over.
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


async def test_a_read_that_meets_a_lock_waits_beside_the_loop(
    database: Database, path: Path
) -> None:
    assert await read(database, "SELECT 1") == 1
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        assert await read(database, "SELECT count(*) FROM images") == 0
    threads = threads_of(database)
    assert await read(database, "SELECT count(*) FROM images") == 0
    assert len(threads) == 1


async def test_an_error_of_a_statement_is_no_reason_to_run_it_twice(database: Database) -> None:
    with pytest.raises(Exception, match="no such table: no_table"):
        await read(database, "SELECT * FROM no_table")


async def test_a_file_that_cannot_be_opened_is_an_unavailable_database(tmp_path: Path) -> None:
    lost = Database(URL.create("sqlite+aiosqlite", database=str(tmp_path / "no" / "folder.db")))
    with pytest.raises(DatabaseUnavailable):
        await read(lost, "SELECT 1")
    await lost.close()


async def test_many_short_reads_let_others_run(database: Database) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    started_at = time.perf_counter()
    while time.perf_counter() - started_at < 0.1:
        await read(database, "SELECT 7")
    waiting.cancel()
    assert turns >= 5


async def test_a_file_that_was_closed_is_opened_again(database: Database) -> None:
    assert await read(database, "SELECT 1") == 1
    await database.close()
    assert await read(database, "SELECT 2") == 2
