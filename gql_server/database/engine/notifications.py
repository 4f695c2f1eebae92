"""Notifications by topic: sent when a transaction commits, received by every process.

PostgreSQL carries them by NOTIFY. SQLite serves one process, which is notified directly.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
import stamina
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
_FIRST_WAIT_SECONDS: Final = 0.1
_MAX_WAIT_SECONDS: Final = 5.0
_LOST: Final = (psycopg.Error, OSError)
_STATEMENT_MILLISECONDS: Final = 5_000


async def notify(connection: AsyncConnection, topic: str) -> None:
    """Notify the watchers of a topic when the transaction commits.

    Args:
        connection: The connection of the transaction.
        topic: Such as ``images:ann``; at most 7,999 bytes, which is NOTIFY's limit.
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
        database: The database that carries the notifications.
        on_message: Called with each topic that has news.
        on_gap: Called when notifications may have been missed: after each connect.
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
    while True:
        try:
            async with await _listening_connection(database) as connection:
                log.info("listening")
                on_gap()
                while True:
                    async for news in connection.notifies(timeout=_PING_SECONDS):
                        on_message(news.payload)
                    # A connection whose server is gone is silent, too.
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        await connection.execute("SELECT 1")
        except _LOST as error:
            log.warning(
                "listener_lost", reason=type(error).__name__, again_in_seconds=_FIRST_WAIT_SECONDS
            )
        # A server that drops each connection after accepting it is not asked without a pause.
        await asyncio.sleep(_FIRST_WAIT_SECONDS)


async def _listening_connection(database: Database) -> psycopg.AsyncConnection[Any]:
    async for attempt in stamina.retry_context(
        on=_LOST,
        attempts=None,
        timeout=None,
        wait_initial=_FIRST_WAIT_SECONDS,
        wait_max=_MAX_WAIT_SECONDS,
    ):
        with attempt:
            try:
                return await _connect(database)
            except _LOST as error:
                wait = round(attempt.next_wait, 2)
                log.warning("listener_lost", reason=type(error).__name__, again_in_seconds=wait)
                raise
    raise AssertionError  # pragma: no cover - the loop ends by return or by raising


async def _connect(database: Database) -> psycopg.AsyncConnection[Any]:
    arguments, options = database.engine.dialect.create_connect_args(database.engine.url)
    bounds = connection_options(
        database.engine.url, statement_milliseconds=_STATEMENT_MILLISECONDS, idle_milliseconds=0
    )
    connection = await psycopg.AsyncConnection.connect(
        *arguments, **{**options, **bounds}, autocommit=True
    )
    try:
        await connection.execute(f"LISTEN {_CHANNEL}")
    except BaseException:
        await connection.close()
        raise
    return connection
