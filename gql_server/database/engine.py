"""One database for the life of the process: short reading and writing units of work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Final

import orjson
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

_READ_ONLY: Final = "gql_server_read_only"
_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


class DatabaseUnavailable(Exception):
    """The database did not answer, or gave up on a transaction; trying again may succeed."""


class Database:
    """Hands out connections; holds no session and loads nothing lazily.

    No unit of work may be open during a call to a model or a store.
    """

    def __init__(self, url: URL) -> None:
        self.is_sqlite: Final = url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {
            "pool_size": 20,
            "max_overflow": 20,
            "pool_timeout": 30,
            "json_serializer": _write_json,
            "json_deserializer": orjson.loads,
        }
        if not self.is_sqlite:
            options |= {"pool_pre_ping": True}
        self.engine: Final[AsyncEngine] = create_async_engine(url, **options)
        # Writers of one process queue here and not in SQLite's busy handler, which polls.
        self._writers: AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if self.is_sqlite else nullcontext()
        )
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _set_up_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection that only reads, on one snapshot.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        with _translated_errors():
            async with self.engine.connect() as connection:
                yield await connection.execution_options(**{_READ_ONLY: True})

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that is committed at the end, or rolled back by an exception.

        Raises:
            DatabaseUnavailable: The database does not answer, or the transaction lost a race.
        """
        with _translated_errors():
            async with self._writers, self.engine.begin() as connection:
                yield connection

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()


class _translated_errors:  # noqa: N801 - reads as the phrase it is used in
    """Turns the driver's passing failures into DatabaseUnavailable."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        passing = isinstance(error, OperationalError | InterfaceError | PoolTimeoutError)
        dropped = isinstance(error, DBAPIError) and error.connection_invalidated
        if passing or dropped or isinstance(error, OSError):
            raise DatabaseUnavailable(type(error).__name__) from error


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
