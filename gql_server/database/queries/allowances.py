"""Statements that spend allowances, for all processes on the database alike.

They share the table of the account's rate limit, and its rule; a row that lies in the past says
what no row says, an allowance that is full.
"""

from typing import Final

from sqlalchemy import BigInteger, SQLColumnExpression, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.inserts import insert_into
from gql_server.database.queries.rate_limits import Moment, greater, lesser, present_moment
from gql_server.database.tables.tables import RateLimitRow
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
    """Spend from a user's allowance in one statement, where it holds that much.

    Args:
        connection: One on which each statement is a transaction of its own.
        user_id: Whose.
        allowance: How much there is.
        length: How long the cost is, in microseconds.
        is_spent: Whether it was spent already: it is counted then, held or not.
        moment: The present in microseconds since 1970; unless given, by the database's clock.

    Returns:
        Whether it was counted, and how long until the allowance is full.
    """
    present = present_moment(connection) if moment is None else moment
    kind = f"{_PREFIX}{user_id}"
    # No more can be missing than all, and what processes spend unsettled, unless a clock was wrong.
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
    """Remove the rows of those that are full again."""
    await connection.execute(
        delete(RateLimitRow).where(
            col(RateLimitRow.kind).startswith(_PREFIX), present_moment(connection) >= _FULL_AT
        )
    )


def _missing(present: Moment) -> SQLColumnExpression[int]:
    return _FULL_AT - present
