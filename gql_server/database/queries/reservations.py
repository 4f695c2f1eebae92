"""Statements about reservations: money that is held for work in flight."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from sqlalchemy import BigInteger, bindparam, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.inserts import insert_into
from gql_server.database.engine.present import present
from gql_server.database.queries.processes import is_alive
from gql_server.database.tables.budgets import ReservationRow
from gql_server.database.tables.tables import IdempotencyKeyRow

GRACE: Final = timedelta(minutes=2)
"""How long a reservation holds whatever its process's lease says: a process that is only slow may
be taken for dead, and what it holds must not be spent twice meanwhile."""


_HELD_ANEW: Final = ("amount", "process_id", "is_preview", "created_at")


class ReservationLost(Exception):
    """What was held for a picture has been released meanwhile: it must be held anew, or dropped."""


def still_holds(dialect: str) -> ColumnElement[bool]:
    """Return, for a statement, whether a reservation holds.

    It does while its process lives, while it is young, and while a request with an idempotency key
    can still be resumed under its id, whoever began it: what may be charged stays held.
    """
    holder = col(ReservationRow.process_id)
    return or_(
        holder.is_(None),
        is_alive(holder),
        col(ReservationRow.created_at).between(
            present(dialect, ago=GRACE), present(dialect, ago=-GRACE)
        ),
        _can_be_resumed(),
    )


def _can_be_resumed() -> ColumnElement[bool]:
    return exists().where(
        col(IdempotencyKeyRow.result_id) == col(ReservationRow.id),
        col(IdempotencyKeyRow.completed_at).is_(None),
    )


async def adopt_reservations(
    connection: AsyncConnection, ids: Collection[str], *, process_id: str
) -> None:
    """Have what a process holds bear the name that it goes by now."""
    holder = col(ReservationRow.process_id)
    await connection.execute(
        update(ReservationRow)
        .where(col(ReservationRow.id).in_(ids), holder.is_not(None), holder != process_id)
        .values(process_id=process_id)
    )


async def write_reservation(connection: AsyncConnection, reservation: ReservationRow) -> None:
    """Hold money, in place of what the same work held before."""
    dialect = connection.dialect.name
    insert = insert_into(dialect, ReservationRow).values(
        {**reservation.model_dump(), "created_at": present(dialect)}
    )
    await connection.execute(
        insert.on_conflict_do_update(
            index_elements=["id"], set_={name: insert.excluded[name] for name in _HELD_ANEW}
        )
    )


async def keep_reservation(connection: AsyncConnection, reservation_id: str) -> bool:
    """Hold until it is released, whatever becomes of the process; return whether it was held."""
    kept = await connection.execute(
        update(ReservationRow)
        .where(col(ReservationRow.id) == reservation_id)
        .values(process_id=None)
    )
    return kept.rowcount == 1


async def reduce_reservation(
    connection: AsyncConnection, reservation_id: str, *, amount: int
) -> None:
    """Hold so much less, because it was charged or is not needed; nothing held is no error."""
    await connection.execute(_REDUCE, {"of_work": reservation_id, "less": amount})


async def remove_reservations(connection: AsyncConnection, ids: Collection[str]) -> None:
    """Hold nothing more for these works."""
    await connection.execute(_REMOVE, {"ids": tuple(ids)})


async def settle_reservations(connection: AsyncConnection, ids: Collection[str]) -> None:
    """Hold nothing more for these works, which are charged in the same transaction.

    Raises:
        ReservationLost: Nothing was held any more for one of them: the charge may pass a budget,
            and must not be committed.
    """
    held = frozenset((await connection.execute(_SETTLE, {"ids": tuple(ids)})).scalars())
    if held < frozenset(ids):
        raise ReservationLost


async def remove_own_reservations(
    connection: AsyncConnection, ids: Collection[str]
) -> frozenset[str]:
    """Hold nothing more for these works, unless a batch holds it by now.

    Returns:
        Those for which something is held yet, because a request with an idempotency key can be
        resumed under their id and charged then.
    """
    own = (col(ReservationRow.id).in_(ids), col(ReservationRow.process_id).is_not(None))
    await connection.execute(delete(ReservationRow).where(*own, ~_can_be_resumed()))
    left = await connection.execute(select(col(ReservationRow.id)).where(*own))
    return frozenset(left.scalars())


async def remove_reservations_of_the_dead(
    connection: AsyncConnection, *, sparing: Collection[str] = ()
) -> int:
    """Hold nothing more for works whose process has died; return how many there were.

    One that somebody else changes at this moment is left as it is.

    Args:
        connection: Where to write.
        sparing: Works of this process that are under way: it is alive.
    """
    expired = (
        select(col(ReservationRow.id))
        .where(~still_holds(connection.dialect.name), col(ReservationRow.id).not_in(sparing))
        .with_for_update(skip_locked=True)
    )
    statement = delete(ReservationRow).where(col(ReservationRow.id).in_(expired))
    return (await connection.execute(statement)).rowcount


_REDUCE: Final = (
    update(ReservationRow)
    .where(col(ReservationRow.id) == bindparam("of_work"))
    .values(amount=col(ReservationRow.amount) - bindparam("less", type_=BigInteger()))
)
_REMOVE: Final = delete(ReservationRow).where(
    col(ReservationRow.id).in_(bindparam("ids", expanding=True))
)
_SETTLE: Final = _REMOVE.returning(col(ReservationRow.id))
