"""Statements about the running processes: their heartbeats, and which are alive.

A process is alive as long as its row exists: it ends by deleting the row, or is declared dead by
another that saw no heartbeat for the length of a lease. No statement compares a heartbeat with a
clock, so a clock that steps declares none dead (docs/decisions/0028-clocks.md).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import SQLColumnExpression, and_, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.present import present
from gql_server.database.tables.processes import ProcessRow

_DECLARED_AT_ONCE: Final = 100


async def register_process(connection: AsyncConnection, process_id: str) -> None:
    """Write that a process has started."""
    await connection.execute(
        insert(ProcessRow).values(id=process_id, beat_at=present(connection.dialect.name))
    )


async def beat(connection: AsyncConnection, process_id: str) -> bool:
    """Write a heartbeat; return whether the process had not been declared dead."""
    outcome = await connection.execute(
        update(ProcessRow)
        .where(col(ProcessRow.id) == process_id)
        .values(beat_at=present(connection.dialect.name))
    )
    return outcome.rowcount == 1


async def remove_process(connection: AsyncConnection, process_id: str) -> None:
    """Write that a process has ended."""
    await connection.execute(delete(ProcessRow).where(col(ProcessRow.id) == process_id))


async def remove_all_processes(connection: AsyncConnection) -> None:
    """Write that every process has ended, if the caller knows that none is alive."""
    await connection.execute(delete(ProcessRow))


async def read_beats(connection: AsyncConnection) -> dict[str, datetime]:
    """Return the last heartbeat of every process; only whether it changes is meaningful."""
    rows = await connection.execute(select(col(ProcessRow.id), col(ProcessRow.beat_at)))
    return {row.id: row.beat_at for row in rows}


async def declare_dead(connection: AsyncConnection, silent: Mapping[str, datetime]) -> list[str]:
    """Declare processes dead whose last heartbeat is still the given one; return them.

    They cannot send heartbeats under the same ID again. At most 100 are declared dead at once.
    """
    unchanged = (
        and_(col(ProcessRow.id) == process_id, col(ProcessRow.beat_at) == beat_at)
        for process_id, beat_at in sorted(silent.items())[:_DECLARED_AT_ONCE]
    )
    dead = delete(ProcessRow).where(or_(*unchanged)).returning(col(ProcessRow.id))
    return list((await connection.execute(dead)).scalars())


async def find_registered(
    connection: AsyncConnection, process_ids: Collection[str]
) -> frozenset[str]:
    """Return which of these processes have neither ended nor been declared dead."""
    rows = await connection.execute(
        select(col(ProcessRow.id)).where(col(ProcessRow.id).in_(process_ids))
    )
    return frozenset(rows.scalars())


def is_alive(process_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return a condition: whether a process has neither ended nor been declared dead."""
    return exists().where(col(ProcessRow.id) == process_id)
