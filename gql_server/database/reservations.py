"""Statements about reservations: money that is held for work in flight."""

from collections.abc import Collection
from datetime import timedelta
from functools import cache

from sqlalchemy import Executable, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.processes import is_alive
from gql_server.database.tables import ReservationRow


async def write_reservation(connection: AsyncConnection, reservation: ReservationRow) -> None:
    """Hold money, in place of what the same work held before."""
    await connection.execute(_upsert(connection.dialect.name), reservation.model_dump())


async def keep_reservation(connection: AsyncConnection, reservation_id: str) -> None:
    """Hold until it is released, whatever becomes of the process."""
    await connection.execute(
        update(ReservationRow)
        .where(col(ReservationRow.id) == reservation_id)
        .values(process_id=None)
    )


async def reduce_reservation(
    connection: AsyncConnection, reservation_id: str, *, amount: int
) -> None:
    """Hold so much less, because it was charged or is not needed; nothing held is no fault."""
    await connection.execute(
        update(ReservationRow)
        .where(col(ReservationRow.id) == reservation_id)
        .values(amount=col(ReservationRow.amount) - amount)
    )


async def remove_reservations(connection: AsyncConnection, ids: Collection[str]) -> None:
    """Hold nothing more for these works."""
    await connection.execute(delete(ReservationRow).where(col(ReservationRow.id).in_(ids)))


async def remove_reservations_of_the_dead(connection: AsyncConnection, *, lease: timedelta) -> int:
    """Hold nothing more for works whose process has died; return how many there were."""
    holder = col(ReservationRow.process_id)
    statement = delete(ReservationRow).where(
        holder.is_not(None), ~is_alive(connection, holder, lease=lease)
    )
    return (await connection.execute(statement)).rowcount


@cache
def _upsert(dialect: str) -> Executable:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(ReservationRow)
    statement: Executable = insert.on_conflict_do_update(
        index_elements=["id"],
        set_={name: insert.excluded[name] for name in ("amount", "process_id", "is_preview")},
    )
    return statement
