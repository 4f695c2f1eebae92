"""SQLite: its settings, its transactions, and a thread that writes whole transactions."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar, cast

from sqlalchemy import (
    Connection,
    CursorResult,
    Dialect,
    Engine,
    Executable,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

COMMITTED_TOPICS: Final = "gql_server_committed_topics"
"""In a writing connection's ``info``: the topics to publish when it is committed."""

READ_ONLY: Final = "gql_server_read_only"
"""The execution option of a connection whose transactions only read."""

_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # What is deleted or replaced is overwritten with zeros: prompts must not stay in free pages.
    "PRAGMA secure_delete = ON",
)
_CHECKPOINT: Final = (
    "PRAGMA busy_timeout = 200",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA busy_timeout = 10000",
)


def set_up_sqlite(engine: Engine, *, has_transactions: bool = True) -> None:
    """Set up every connection of an engine, and the start of its transactions."""
    event.listen(engine, "connect", _set_up)
    if has_transactions:
        event.listen(engine, "begin", _begin)


class SqliteThread:
    """Runs transactions in a thread of its own, each from start to commit.

    Attributes:
        engines: The engines they go through.
    """

    def __init__(self, url: URL, options: Mapping[str, Any]) -> None:
        """Take the database's URL and the options of its engines; nothing is opened yet."""
        url = url.set(drivername="sqlite")
        self._engine = create_engine(url, **options)
        set_up_sqlite(self._engine)
        self._unsynced = create_engine(url, isolation_level="AUTOCOMMIT", **options)
        set_up_sqlite(self._unsynced, has_transactions=False)
        event.listen(self._unsynced, "connect", _sync_rarely)
        self.engines: Final = (self._engine, self._unsynced)
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="sqlite")

    def do(
        self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]], topics: set[str]
    ) -> asyncio.Future[T]:
        """Run work in a transaction; add the topics that it publishes."""
        return asyncio.get_running_loop().run_in_executor(self._threads, self._do, work, topics)

    def do_unsynced(
        self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]
    ) -> asyncio.Future[T]:
        """Run work whose statements are each a transaction of their own."""
        return asyncio.get_running_loop().run_in_executor(self._threads, self._do_unsynced, work)

    def close(self) -> None:
        """Wait for running work, and close the file."""
        self._threads.shutdown()
        self._engine.dispose()
        self._unsynced.dispose()

    def _do(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]], topics: set[str]) -> T:
        with self._engine.begin() as connection:
            connection.info[COMMITTED_TOPICS] = topics
            return _finished(work, connection)

    def _do_unsynced(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        with self._unsynced.connect() as connection:
            return _finished(work, connection)


class WriterTurns:
    """Lets one writer of the process work at a time; others wait, for a bounded time."""

    def __init__(self, seconds: float) -> None:
        """Take how long a writer waits at most."""
        self._seconds = seconds
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        """Wait for the turn.

        Raises:
            TimeoutError: It did not come in time.
        """
        if self._lock.locked():
            async with asyncio.timeout(self._seconds):
                await self._lock.acquire()
        else:
            await self._lock.acquire()

    async def __aexit__(self, *_error: object) -> None:
        """Give the turn to the next writer."""
        self._lock.release()


class _ConnectionInThread:
    """The parts of an AsyncConnection that statements use; each returns when it is done."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    @property
    def info(self) -> dict[Any, Any]:
        return self._connection.info

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)


async def empty_log(connection: AsyncConnection) -> None:
    """Move the write-ahead log into the database and empty it, unless a reader needs it."""
    for pragma in _CHECKPOINT:
        (await connection.execute(text(pragma))).fetchall()


def _finished(
    work: Callable[[AsyncConnection], Coroutine[Any, Any, T]], connection: Connection
) -> T:
    # Statements take an AsyncConnection; this one has the parts of it that they use.
    statements = work(cast("AsyncConnection", _ConnectionInThread(connection)))
    try:
        statements.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    statements.close()
    raise RuntimeError("a transaction in a thread waits for nothing but its statements")


def _set_up(connection: Any, _record: object) -> None:
    # The driver's own transactions lose updates between concurrent writers, so SQLAlchemy's
    # begin hook executes BEGIN itself.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
    finally:
        cursor.close()


def _begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _sync_rarely(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
