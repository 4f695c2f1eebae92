"""Short reads of SQLite in the event loop's own thread.

SQLite finds a page of rows in some ten microseconds; passing a statement to a thread and its rows
back takes ten times as long. So a statement runs in the event loop first, for at most two
milliseconds: then it is stopped and run in a thread of the pool, and so are statements like it for
the next minute. In WAL mode readers never wait for writers; if SQLite has to wait after all, the
pool waits.
"""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any, Final

from cachetools import TTLCache
from sqlalchemy import Connection, CursorResult, Executable, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool

from gql_server.database.engine.sqlite import set_up_sqlite

_SLICE_SECONDS: Final = 0.002
_MAX_SECONDS: Final = 0.01
_TURN_SECONDS: Final = 0.001
"""After this much reading, other tasks that are ready get their turn."""

_STEPS_BETWEEN_LOOKS: Final = 200
"""SQLite's steps between two checks of the clock: some five rows, to notice a slow disk."""

_LOOKS_OF_SHORT_STATEMENTS: Final = 20
"""A statement of fewer checks is short: its time was due to another process, or to the disk."""

_SLOW_STATEMENTS: Final = 1_000
_SLOW_SECONDS: Final = 60.0
_ELSEWHERE_CODES: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
}


class ReadElsewhere(Exception):
    """The statement takes too long for the event loop; a thread must run it."""


class LoopReader:
    """Runs short statements on its own connection; used in the event loop's thread only."""

    def __init__(self, url: URL, options: Mapping[str, Any]) -> None:
        """Take the database's URL and the options of its engines; nothing is opened yet."""
        chosen = {
            name: option for name, option in options.items() if not name.startswith(("pool", "max"))
        }
        self.engine: Final = create_engine(
            url.set(drivername="sqlite"),
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            poolclass=StaticPool,
            connect_args={"factory": _BoundedConnection, "check_same_thread": False},
            **chosen,
        )
        set_up_sqlite(self.engine, has_transactions=False)
        event.listen(self.engine, "connect", _bound)
        self._connection: Connection | None = None
        self._driver: Any = None
        self._read_seconds = 0.0

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run a statement that only reads.

        Raises:
            ReadElsewhere: It takes too long, or another connection blocks it.
        """
        started_at = perf_counter()
        try:
            return self._opened().execute(statement, parameters)
        finally:
            self._read_seconds += perf_counter() - started_at

    async def give_way(self) -> None:
        """Let other tasks run after much reading; call it after each read."""
        if self._read_seconds > _TURN_SECONDS:
            self._read_seconds = 0.0
            await asyncio.sleep(0)

    def rows(self, text: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a statement that only reads, on the driver's own cursor; return its rows.

        Raises:
            ReadElsewhere: As ``execute``.
        """
        if self._driver is None:
            self._driver = self._opened().connection.driver_connection
        started_at = perf_counter()
        try:
            found: list[tuple[Any, ...]]
            found = self._driver.cursor().execute(text, parameters).fetchall()
            return found
        finally:
            self._read_seconds += perf_counter() - started_at

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = self.engine.connect()
        return self._connection

    def close(self) -> None:
        """Close the file; the next statement opens it again."""
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            connection.close()
        self.engine.dispose()


def _bound(connection: "_BoundedConnection", _record: object) -> None:
    connection.execute("PRAGMA busy_timeout = 0")
    connection.set_progress_handler(connection.is_late, _STEPS_BETWEEN_LOOKS)


class _BoundedConnection(sqlite3.Connection):
    """A connection whose statements return with all their rows, or are stopped."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._started_at = 0.0
        self._looks = 0
        self.slow: TTLCache[str, bool] = TTLCache(_SLOW_STATEMENTS, ttl=_SLOW_SECONDS)

    def cursor(self, factory: Any = None) -> Any:  # noqa: ARG002 - the driver's signature
        return super().cursor(_BoundedCursor)

    def start(self) -> None:
        """Start measuring."""
        self._started_at = perf_counter()
        self._looks = 0

    @property
    def was_long(self) -> bool:
        """Whether the last statement took many steps."""
        return self._looks >= _LOOKS_OF_SHORT_STATEMENTS

    def is_late(self) -> bool:
        """Whether the running statement must be stopped."""
        self._looks += 1
        seconds = perf_counter() - self._started_at
        return seconds > (_SLICE_SECONDS if self.was_long else _MAX_SECONDS)


class _BoundedCursor(sqlite3.Cursor):
    connection: _BoundedConnection
    _rows: list[Any]
    _next = 0

    def execute(self, sql: str, parameters: Any = (), /) -> "_BoundedCursor":
        connection = self.connection
        if sql in connection.slow:
            raise ReadElsewhere
        connection.start()
        try:
            super().execute(sql, parameters)
            self._rows = super().fetchall()
        except sqlite3.OperationalError as error:
            code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
            if code & 0xFF not in _ELSEWHERE_CODES:
                raise
            if code == sqlite3.SQLITE_INTERRUPT and connection.was_long:
                connection.slow[sql] = True
            raise ReadElsewhere from error
        self._next = 0
        return self

    def fetchone(self) -> Any:
        if self._next >= len(self._rows):
            return None
        self._next += 1
        return self._rows[self._next - 1]

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        found = self._rows[self._next : self._next + (size or 1)]
        self._next += len(found)
        return found

    def fetchall(self) -> list[Any]:
        found = self._rows[self._next :] if self._next else self._rows
        self._next = len(self._rows)
        return found
