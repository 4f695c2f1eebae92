"""Statements about reservations: money for running work."""

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
from gql_server.database.tables.idempotency_keys import IdempotencyKeyRow
from gql_server.database.tables.remote_images import RemoteImageRow

GRACE: Final = timedelta(minutes=2)
"""How long a reservation holds regardless of its process's lease.

A process that is only slow may be declared dead, and its reservation must not be spent twice
meanwhile.
"""


_RENEWED_COLUMNS: Final = ("amount", "process_id", "is_preview", "created_at")


class ReservationLost(Exception):
    """The reservation of an image was released: reserve again, or drop the image."""


def still_holds(dialect: str) -> ColumnElement[bool]:
    """Return a condition: whether a reservation holds.

    It holds while its process lives, while it is young, while a request with an idempotency key
    can still be resumed under its ID, and while its image waits at the provider: what may be
    charged stays reserved.
    """
    holder = col(ReservationRow.process_id)
    return or_(
        holder.is_(None),
        is_alive(holder),
        col(ReservationRow.created_at).between(
            present(dialect, ago=GRACE), present(dialect, ago=-GRACE)
        ),
        _can_be_charged_later(),
    )


def _can_be_charged_later() -> ColumnElement[bool]:
    return or_(
        exists().where(
            col(IdempotencyKeyRow.result_id) == col(ReservationRow.id),
            col(IdempotencyKeyRow.completed_at).is_(None),
        ),
        exists().where(col(RemoteImageRow.image_id) == col(ReservationRow.id)),
    )


async def adopt_reservations(
    connection: AsyncConnection, ids: Collection[str], *, process_id: str
) -> None:
    """Write the current ID of a process into its reservations."""
    holder = col(ReservationRow.process_id)
    await connection.execute(
        update(ReservationRow)
        .where(col(ReservationRow.id).in_(ids), holder.is_not(None), holder != process_id)
        .values(process_id=process_id)
    )


async def write_reservation(connection: AsyncConnection, reservation: ReservationRow) -> None:
    """Reserve money, replacing an earlier reservation of the same work."""
    dialect = connection.dialect.name
    insert = insert_into(dialect, ReservationRow).values(
        {**reservation.model_dump(), "created_at": present(dialect)}
    )
    await connection.execute(
        insert.on_conflict_do_update(
            index_elements=["id"], set_={name: insert.excluded[name] for name in _RENEWED_COLUMNS}
        )
    )


async def keep_reservation(connection: AsyncConnection, reservation_id: str) -> bool:
    """Keep a reservation until it is released, even without its process; return if it existed."""
    kept = await connection.execute(
        update(ReservationRow)
        .where(col(ReservationRow.id) == reservation_id)
        .values(process_id=None)
    )
    return kept.rowcount == 1


async def reduce_reservation(
    connection: AsyncConnection, reservation_id: str, *, amount: int
) -> None:
    """Reduce a reservation, because a part was charged or is not needed; it may be gone."""
    await connection.execute(_REDUCE, {"of_work": reservation_id, "less": amount})


async def remove_reservations(connection: AsyncConnection, ids: Collection[str]) -> None:
    """Release the reservations of these works."""
    await connection.execute(_REMOVE, {"ids": tuple(ids)})


async def settle_reservations(connection: AsyncConnection, ids: Collection[str]) -> None:
    """Release the reservations of these works, which are charged in the same transaction.

    Raises:
        ReservationLost: One had no reservation: its charge could exceed a budget, and must not be
            committed.
    """
    held = frozenset((await connection.execute(_SETTLE, {"ids": tuple(ids)})).scalars())
    if held < frozenset(ids):
        raise ReservationLost


async def remove_own_reservations(
    connection: AsyncConnection, ids: Collection[str]
) -> frozenset[str]:
    """Release the reservations of these works, unless a batch holds them.

    Returns:
        Those that stay reserved, because they can still be charged: a request with an idempotency
        key can be resumed under their ID, or their image waits at its provider.
    """
    own = (col(ReservationRow.id).in_(ids), col(ReservationRow.process_id).is_not(None))
    await connection.execute(delete(ReservationRow).where(*own, ~_can_be_charged_later()))
    left = await connection.execute(select(col(ReservationRow.id)).where(*own))
    return frozenset(left.scalars())


async def remove_reservations_of_the_dead(
    connection: AsyncConnection, *, sparing: Collection[str] = ()
) -> int:
    """Release the reservations of dead processes; return how many.

    One that another transaction is changing is left as it is.

    Args:
        connection: Where to write.
        sparing: Running works of this process: it is alive.
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
