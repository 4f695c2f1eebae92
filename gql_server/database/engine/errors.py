"""Errors of the database drivers that pass by themselves, as one error."""

import sqlite3
from contextlib import AbstractContextManager
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_TRANSIENT_SQLITE_CODES: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


class DatabaseUnavailable(Exception):
    """The database did not answer or aborted a transaction; a retry may succeed."""


def translated_errors() -> AbstractContextManager[None]:
    """Return a context that turns the driver's transient errors into DatabaseUnavailable."""
    return _TRANSLATION


class _Translation:
    # Without state, so that one serves all: a generator would cost each statement more.

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and _is_transient(error):
            raise DatabaseUnavailable(type(error).__name__) from error


_TRANSLATION: Final = _Translation()


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, OperationalError) and isinstance(error.orig, sqlite3.Error):
        # SQLite's driver calls a missing table an operational error too.
        code: int = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return code & 0xFF in _TRANSIENT_SQLITE_CODES
    return isinstance(error, OperationalError | InterfaceError | PoolTimeoutError | OSError)
