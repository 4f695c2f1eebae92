"""Where the engine keeps its tables: a file beside our SQLite, or a schema of PostgreSQL."""

import asyncio
from pathlib import Path
from typing import Any, Final

from dbos import DBOS
from sqlalchemy import URL, Engine, create_engine, event

from gql_server.database.engine.engine import translated_errors
from gql_server.database.engine.pools import TurnsInThreads, pool_sizes
from gql_server.database.engine.postgresql import connection_options

SCHEMA: Final = "jobs"

_CONNECTIONS: Final = pool_sizes().jobs
_STATEMENT_MILLISECONDS: Final = 30_000
_IDLE_MILLISECONDS: Final = 5000
_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 30000",
    "PRAGMA journal_mode = WAL",
    # A power cut may lose the last commits: sweeps enqueue again, and what was done is done twice.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
)


class JobTablesOutdated(Exception):
    """The engine's tables are not of the version that it needs: they have to be migrated."""


def engine_url(url: URL) -> URL:
    """Return the address of the engine's tables, by that of our own."""
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        return URL.create("sqlite", database=str(file.with_name(f"{file.stem}.jobs.db")))
    return url.set(drivername="postgresql+psycopg")


def open_engine(url: URL, connections: int = _CONNECTIONS) -> Engine:
    """Make the pool that the engine works through, so large; nothing is opened yet."""
    options: dict[str, Any] = {
        "pool_size": connections // 3,
        "max_overflow": connections - connections // 3,
        "pool_timeout": 30,
        "hide_parameters": True,
    }
    if url.get_backend_name() != "sqlite":
        return create_engine(
            url,
            poolclass=TurnsInThreads,
            pool_pre_ping=True,
            connect_args={
                "application_name": "gql_server jobs",
                **connection_options(
                    url,
                    statement_milliseconds=_STATEMENT_MILLISECONDS,
                    idle_milliseconds=_IDLE_MILLISECONDS,
                ),
            },
            **options,
        )
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


async def migrate_engine(url: URL) -> None:
    """Bring the engine's tables to the shape that it needs; safe to run again, and at once.

    Raises:
        DatabaseUnavailable: The database does not answer.
    """
    with translated_errors():
        await asyncio.to_thread(_migrate, url)


def engine_address(url: URL) -> str:
    """Return the address as the engine reads it, with its password."""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The engine's own setting: writers take the lock when they begin.
    connection.isolation_level = "IMMEDIATE"
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _migrate(url: URL) -> None:
    if url.get_backend_name() == "sqlite":
        engine = open_engine(url)
        with engine.connect():  # sets the write-ahead log, which stays with the file
            pass
        engine.dispose()
    DBOS.migrate(engine_address(url), schema=SCHEMA)
