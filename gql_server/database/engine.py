"""One database for the life of the process: short reading and writing units of work."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Final

import orjson
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

COMMITTED_TOPICS: Final = "gql_server_committed_topics"
"""In a writing connection's ``info``, on SQLite: the topics to tell of when it is committed."""

_READ_ONLY: Final = "gql_server_read_only"
_STATEMENT_MILLISECONDS: Final = 60_000
_IDLE_MILLISECONDS: Final = 10_000
"""No longer does a process that is frozen in a transaction hold its rows against the others."""
_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)
_PASSING_SQLITE_CODES: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


class DatabaseUnavailable(Exception):
    """The database did not answer, or gave up on a transaction; trying again may succeed."""


class Database:
    """Hands out connections, up to 40 of them; holds no session and loads nothing lazily.

    No unit of work may be open during a call to a model or a store.

    Attributes:
        told: Called, on SQLite, with each topic that a committed transaction has news of.
    """

    def __init__(self, url: URL) -> None:
        self.is_sqlite: Final = url.get_backend_name() == "sqlite"
        self.told: Callable[[str], None] | None = None
        options: dict[str, Any] = {
            "pool_size": 10,
            "max_overflow": 10,
            "hide_parameters": True,  # they hold prompts, and errors are logged
            "pool_timeout": 30,
            "json_serializer": _write_json,
            "json_deserializer": orjson.loads,
        }
        if not self.is_sqlite:
            options["pool_pre_ping"] = True
            options["connect_args"] = {
                "options": f"-c statement_timeout={_STATEMENT_MILLISECONDS} "
                f"-c idle_in_transaction_session_timeout={_IDLE_MILLISECONDS}"
            }
        self.engine: Final[AsyncEngine] = create_async_engine(url, **options)
        # Readers need no transaction: a statement is a snapshot of its own. On connections that
        # never begin one, nothing has to be begun, ended or reset.
        self.reader: Final[AsyncEngine] = create_async_engine(
            url, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True, **options
        )
        self._snapshot_options: dict[str, Any] = (
            {_READ_ONLY: True} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        )
        # Writers of one process queue here and not in SQLite's busy handler, which polls.
        self._writers: AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if self.is_sqlite else nullcontext()
        )
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _set_up_sqlite)
            event.listen(self.reader.sync_engine, "connect", _set_up_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    @asynccontextmanager
    async def read(self, *, snapshot: bool = False) -> AsyncIterator[AsyncConnection]:
        """Open a connection that only reads.

        Args:
            snapshot: Whether all that is read must be of one moment.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        with translated_errors():
            if not snapshot:
                async with self.reader.connect() as connection:
                    yield connection
                return
            async with self.engine.connect() as connection:
                await connection.execution_options(**self._snapshot_options)
                if not self.is_sqlite:
                    # Such readers look over everything there is, and may take their time.
                    await connection.execute(text("SET LOCAL statement_timeout = 0"))
                    await connection.execute(
                        text("SET LOCAL idle_in_transaction_session_timeout = 0")
                    )
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that is committed at the end, or rolled back by an exception.

        Raises:
            DatabaseUnavailable: The database does not answer, or the transaction lost a race.
        """
        topics: set[str] = set()
        with translated_errors():
            async with self._writers, self.engine.begin() as connection:
                connection.info[COMMITTED_TOPICS] = topics
                yield connection
        if self.told is not None:
            for topic in topics:
                self.told(topic)

    @asynccontextmanager
    async def write_statements(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection on which each statement is a transaction of its own, in one round trip.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        with translated_errors():
            async with self._writers, self.reader.connect() as connection:
                yield connection

    async def close(self) -> None:
        """Give back every connection."""
        await self.reader.dispose()
        await self.engine.dispose()


class translated_errors:  # noqa: N801 - reads as the phrase it is used in
    """Turns the driver's passing failures into DatabaseUnavailable."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and _is_passing(error):
            raise DatabaseUnavailable(type(error).__name__) from error


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, OperationalError) and isinstance(error.orig, sqlite3.Error):
        # SQLite's driver calls a missing table operational too.
        code: int = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return code & 0xFF in _PASSING_SQLITE_CODES
    return isinstance(error, OperationalError | InterfaceError | PoolTimeoutError | OSError)


def _write_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transactions lose updates between concurrent writers: SQLAlchemy's
    # begin hook says BEGIN itself.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
