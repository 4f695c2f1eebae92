"""Statements that deduct from allowances, for all processes on the database alike.

They share the table and the rule of the provider's rate limit; a row in the past means the same as
no row: the allowance is full.
"""

from typing import Final

from sqlalchemy import BigInteger, SQLColumnExpression, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.inserts import insert_into
from gql_server.database.queries.rate_limits import Moment, greater, lesser, present_moment
from gql_server.database.tables.processes import RateLimitRow
from gql_server.domain.allowances import Allowance

_PREFIX: Final = "allowance:"
_FULL_AT: Final = col(RateLimitRow.next_at)


async def spend_allowance(
    connection: AsyncConnection,
    user_id: str,
    allowance: Allowance,
    length: int,
    *,
    is_spent: bool,
    moment: Moment | None = None,
) -> tuple[bool, int]:
    """Deduct from a user's allowance in one statement, if it is large enough.

    Args:
        connection: A connection on which each statement is a transaction of its own.
        user_id: The user.
        allowance: The allowance.
        length: The cost as a time, in microseconds.
        is_spent: Whether it was spent already: then it is counted even if the allowance is too
            small.
        moment: The current time in microseconds since 1970; by default the database's.

    Returns:
        Whether it was counted, and how long until the allowance is full.
    """
    present = present_moment(connection) if moment is None else moment
    kind = f"{_PREFIX}{user_id}"
    # No more than all can be missing, plus unsettled spending, unless a clock was wrong.
    due = greater(lesser(_FULL_AT, present + 2 * allowance.refill_length), present)
    cost = bindparam("length", length, BigInteger)
    statement = insert_into(connection.dialect.name, RateLimitRow).values(
        kind=kind, next_at=present + cost
    )
    is_held = due + cost <= present + allowance.refill_length
    counted = await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["kind"],
            set_={"next_at": due + cost},
            where=None if is_spent else is_held,
        ).returning(_missing(present))
    )
    missing = counted.scalar_one_or_none()
    if missing is not None:
        return True, max(0, missing)
    row = col(RateLimitRow.kind) == kind
    missing = (await connection.execute(select(_missing(present)).where(row))).scalar_one_or_none()
    if missing is not None and missing > 2 * allowance.refill_length:
        # A clock that stepped back would refuse this user until it has caught up.
        missing = allowance.refill_length
        await connection.execute(
            update(RateLimitRow)
            .where(row, present + 2 * allowance.refill_length < _FULL_AT)
            .values(next_at=present + missing)
        )
    return False, max(0, missing or 0)


async def remove_full_allowances(connection: AsyncConnection) -> None:
    """Delete the rows of allowances that are full again."""
    await connection.execute(
        delete(RateLimitRow).where(
            col(RateLimitRow.kind).startswith(_PREFIX), present_moment(connection) >= _FULL_AT
        )
    )


def _missing(present: Moment) -> SQLColumnExpression[int]:
    return _FULL_AT - present


async def forget_allowance(connection: AsyncConnection, user_id: str) -> None:
    """Delete what a user has spent of the allowance."""
    kind = col(RateLimitRow.kind)
    await connection.execute(delete(RateLimitRow).where(kind == f"{_PREFIX}{user_id}"))
