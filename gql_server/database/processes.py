"""Statements about the processes that serve: their beats, and who is alive.

PostgreSQL's own clock is read and written, so that machines whose clocks differ agree about who is
alive. SQLite is for the processes of one machine, which have one clock.
"""

from datetime import timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Executable, SQLColumnExpression, delete, exists, func, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.columns import UtcDateTime
from gql_server.database.tables import ProcessRow
from gql_server.domain.clock import now

_FORGOTTEN_AFTER: Final = 180
"""A row this many leases old is of no more use than none: either way its process is dead."""


async def beat(connection: AsyncConnection, process_id: str) -> None:
    """Write that a process is alive."""
    moment = now() if connection.dialect.name == "sqlite" else func.clock_timestamp()
    await connection.execute(
        _upsert(connection.dialect.name).values(id=process_id, beat_at=moment)  # type: ignore[attr-defined]  # an insert
    )


async def remove_process(connection: AsyncConnection, process_id: str) -> None:
    """Write that a process has ended."""
    await connection.execute(delete(ProcessRow).where(col(ProcessRow.id) == process_id))


async def remove_dead_processes(connection: AsyncConnection, *, lease: timedelta) -> None:
    """Forget those that have been dead for long."""
    await connection.execute(
        delete(ProcessRow).where(
            col(ProcessRow.beat_at) < _ago(connection, lease * _FORGOTTEN_AFTER)
        )
    )


def is_alive(
    connection: AsyncConnection, process_id: SQLColumnExpression[Any], *, lease: timedelta
) -> ColumnElement[bool]:
    """Tell, in a statement, whether a process has beaten within its lease."""
    return exists().where(
        col(ProcessRow.id) == process_id, col(ProcessRow.beat_at) > _ago(connection, lease)
    )


def _ago(connection: AsyncConnection, time: timedelta) -> ColumnElement[Any]:
    if connection.dialect.name == "sqlite":
        return literal(now() - time, UtcDateTime)
    return func.clock_timestamp() - time


@cache
def _upsert(dialect: str) -> Executable:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(ProcessRow)
    statement: Executable = insert.on_conflict_do_update(
        index_elements=["id"], set_={"beat_at": insert.excluded["beat_at"]}
    )
    return statement
