"""Notifications by topic: published by a commit, received by every process on the database.

PostgreSQL carries them by NOTIFY. SQLite serves one process, which receives them directly.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database
from gql_server.database.engine.postgresql import connection_options
from gql_server.database.engine.sqlite import COMMITTED_TOPICS

log = structlog.get_logger(__name__)

_CHANNEL: Final = "gql_server_progress"
_PING_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 5.0
_MAX_WAIT_SECONDS: Final = 5.0
_STATEMENT_MILLISECONDS: Final = 5_000


async def notify(connection: AsyncConnection, topic: str) -> None:
    """Notify everyone who watches a topic, when and if the transaction is committed.

    Args:
        connection: The transaction.
        topic: A topic such as ``images:ann``; at most 7,999 bytes, NOTIFY's limit.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_notify(_CHANNEL, topic)))
    else:
        connection.info[COMMITTED_TOPICS].add(topic)


@asynccontextmanager
async def listening(
    database: Database, *, on_message: Callable[[str], None], on_gap: Callable[[], None]
) -> AsyncIterator[None]:
    """Listen until the block ends.

    Args:
        database: The database.
        on_message: Called with each topic that has news.
        on_gap: Called when notifications may have been missed, because the connection was lost or
            is new.
    """
    if database.is_sqlite:
        database.on_committed_topic = on_message
        yield
        return
    listener = asyncio.create_task(_listen(database, on_message, on_gap), name="listener")
    try:
        yield
    finally:
        listener.cancel()
        await asyncio.wait({listener})


async def _listen(
    database: Database, on_message: Callable[[str], None], on_gap: Callable[[], None]
) -> None:
    wait = 0.1
    while True:
        try:
            async with await _connect(database) as connection:
                await connection.execute(f"LISTEN {_CHANNEL}")
                log.info("listening")
                wait = 0.1
                on_gap()
                while True:
                    async for news in connection.notifies(timeout=_PING_SECONDS):
                        on_message(news.payload)
                    # A connection whose server is gone is silent too.
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        await connection.execute("SELECT 1")
        except (psycopg.Error, OSError) as error:
            log.warning("listener_lost", reason=type(error).__name__, again_in_seconds=wait)
        await asyncio.sleep(wait)
        wait = min(2 * wait, _MAX_WAIT_SECONDS)


async def _connect(database: Database) -> psycopg.AsyncConnection[Any]:
    arguments, options = database.engine.dialect.create_connect_args(database.engine.url)
    bounds = connection_options(
        database.engine.url, statement_milliseconds=_STATEMENT_MILLISECONDS, idle_milliseconds=0
    )
    return await psycopg.AsyncConnection.connect(
        *arguments, **{**options, **bounds}, autocommit=True
    )
