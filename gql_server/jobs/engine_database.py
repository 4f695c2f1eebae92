"""The tables of the engine: in a file beside the SQLite database, or in a schema of PostgreSQL."""

import asyncio
from pathlib import Path
from typing import Any, Final

from dbos import DBOS
from sqlalchemy import URL, Engine, create_engine, event

from gql_server.database.engine.errors import translated_errors
from gql_server.database.engine.pools import TurnsInThreads, pool_sizes
from gql_server.database.engine.postgresql import connection_options

SCHEMA: Final = "jobs"

_CONNECTIONS: Final = pool_sizes().jobs
_STATEMENT_MILLISECONDS: Final = 30_000
_IDLE_MILLISECONDS: Final = 5000
_PRAGMAS: Final = (
    "PRAGMA busy_timeout = 30000",
    "PRAGMA journal_mode = WAL",
    # A power failure may lose the last commits: sweeps enqueue the work again.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
)


class JobTablesOutdated(Exception):
    """The engine's tables have another version than it needs: they must be migrated."""


def engine_url(url: URL) -> URL:
    """Return the URL of the engine's tables, derived from that of the database."""
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        return URL.create("sqlite", database=str(file.with_name(f"{file.stem}.jobs.db")))
    return url.set(drivername="postgresql+psycopg")


def open_engine(url: URL, connections: int = _CONNECTIONS) -> Engine:
    """Create the engine's connection pool; no connection is opened yet."""
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
    """Migrate the engine's tables; safe to repeat and to run concurrently.

    Raises:
        DatabaseUnavailable: The database does not answer.
    """
    with translated_errors():
        await asyncio.to_thread(_migrate, url)


def engine_address(url: URL) -> str:
    """Return the URL in the engine's form, with its password."""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The engine's own setting: writers lock the database when a transaction starts.
    connection.isolation_level = "IMMEDIATE"
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _migrate(url: URL) -> None:
    if url.get_backend_name() == "sqlite":
        engine = open_engine(url)
        with engine.connect():  # switches to a write-ahead log, which the file remembers
            pass
        engine.dispose()
    DBOS.migrate(engine_address(url), schema=SCHEMA)
