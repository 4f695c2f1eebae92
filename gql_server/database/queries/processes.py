"""Statements about the processes that serve: their beats, and who is alive.

PostgreSQL's own clock is read and written, so that machines whose clocks differ agree about who is
alive. SQLite is for the processes of one machine, which have one clock.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import (
    SQLColumnExpression,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.columns import UtcDateTime
from gql_server.database.tables.tables import ProcessRow
from gql_server.domain.clock import now

_FORGOTTEN_AFTER: Final = 180
"""A row this many leases old is of no more use than none: either way its process is dead."""


async def register_process(connection: AsyncConnection, process_id: str) -> None:
    """Write that a process has come to life."""
    await connection.execute(
        insert(ProcessRow).values(id=process_id, beat_at=_this_moment(connection))
    )


async def beat(connection: AsyncConnection, process_id: str) -> bool:
    """Write that a process is alive; tell whether it was not declared dead before."""
    outcome = await connection.execute(
        update(ProcessRow)
        .where(col(ProcessRow.id) == process_id)
        .values(beat_at=_this_moment(connection))
    )
    return outcome.rowcount == 1


async def remove_process(connection: AsyncConnection, process_id: str) -> None:
    """Write that a process has ended."""
    await connection.execute(delete(ProcessRow).where(col(ProcessRow.id) == process_id))


async def remove_all_processes(connection: AsyncConnection) -> None:
    """Write that every process has ended, where the caller knows that none is alive."""
    await connection.execute(delete(ProcessRow))


async def declare_dead(connection: AsyncConnection, *, lease: timedelta) -> None:
    """Declare those dead whose lease has run out: none of them can beat again."""
    await connection.execute(
        delete(ProcessRow).where(
            or_(
                col(ProcessRow.beat_at) < _ago(connection, lease),
                col(ProcessRow.beat_at) > _ago(connection, -lease),
            )
        )
    )


async def find_registered(
    connection: AsyncConnection, process_ids: Collection[str]
) -> frozenset[str]:
    """Return those of these processes that have neither ended nor been declared dead."""
    rows = await connection.execute(
        select(col(ProcessRow.id)).where(col(ProcessRow.id).in_(process_ids))
    )
    return frozenset(rows.scalars())


async def remove_dead_processes(connection: AsyncConnection, *, lease: timedelta) -> None:
    """Forget those that have been dead for long."""
    await connection.execute(
        delete(ProcessRow).where(
            or_(
                col(ProcessRow.beat_at) < _ago(connection, lease * _FORGOTTEN_AFTER),
                col(ProcessRow.beat_at) > _ago(connection, lease * -_FORGOTTEN_AFTER),
            )
        )
    )


def is_alive(
    connection: AsyncConnection, process_id: SQLColumnExpression[Any], *, lease: timedelta
) -> ColumnElement[bool]:
    """Tell, in a statement, whether a process has beaten within its lease.

    A beat further in the future than a lease was written before a clock stepped back: who is alive
    writes another within a quarter of the lease.
    """
    return exists().where(
        col(ProcessRow.id) == process_id,
        col(ProcessRow.beat_at) > _ago(connection, lease),
        col(ProcessRow.beat_at) < _ago(connection, -lease),
    )


def _ago(connection: AsyncConnection, time: timedelta) -> ColumnElement[Any]:
    if connection.dialect.name == "sqlite":
        return literal(now() - time, UtcDateTime)
    return func.clock_timestamp() - time


def _this_moment(connection: AsyncConnection) -> Any:
    return now() if connection.dialect.name == "sqlite" else func.clock_timestamp()
