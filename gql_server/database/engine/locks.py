"""Work that only one process does at a time, among all processes on a database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database

_IDLE_MILLISECONDS: Final = 5000
_PING_SECONDS: Final = 1.0


async def with_advisory_lock(
    database: Database, name: str, work: Callable[[], Awaitable[object]]
) -> bool:
    """Run work, unless another process runs work of the same name.

    On PostgreSQL an advisory lock decides. A process that is frozen keeps its connection, so
    PostgreSQL ends a session that has not pinged for some seconds, and the lock with it; when the
    process wakes up, its work is cancelled. SQLite has one working process, so no lock is needed.

    Returns:
        Whether the work was done.

    Raises:
        DatabaseUnavailable: The database does not answer, or the lock was lost.
    """
    if database.is_sqlite:
        await work()
        return True
    async with database.alone, database.write() as connection:
        await connection.execute(
            text("SELECT set_config('idle_in_transaction_session_timeout', :limit, true)"),
            {"limit": str(_IDLE_MILLISECONDS)},
        )
        taken = await connection.execute(
            text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"gql_server {name}"},
        )
        if not taken.scalar_one():
            return False
        await _do_while_pinging(connection, work)
    return True


async def _do_while_pinging(
    connection: AsyncConnection, work: Callable[[], Awaitable[object]]
) -> None:
    task = asyncio.ensure_future(work())
    try:
        while not (await asyncio.wait({task}, timeout=_PING_SECONDS))[0]:
            await connection.execute(text("SELECT 1"))
        task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
