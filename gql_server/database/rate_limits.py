"""Statements that give turns under a rate limit, to all processes on the database alike.

PostgreSQL's own clock is read, so that machines whose clocks differ take the same turns. SQLite
has one process that asks for turns, and that process's clock.
"""

import time
from typing import Final

from sqlalchemy import BigInteger, SQLColumnExpression, case, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.inserts import insert_into
from gql_server.database.tables import RateLimitRow
from gql_server.domain.rate_limits import LONGEST_PAUSE, SECOND, RateLimit

Moment = SQLColumnExpression[int]

_NEXT_AT: Final = col(RateLimitRow.next_at)


async def take_turn(
    connection: AsyncConnection,
    kind: str,
    limit: RateLimit,
    *,
    is_background: bool,
    moment: Moment | None = None,
) -> int | None:
    """Take a turn, as ``RateLimit.take`` says, in one statement where there is one to be had.

    Args:
        connection: One on which each statement is a transaction of its own.
        kind: What is counted.
        limit: How many there may be.
        is_background: Whether direct work goes first.
        moment: The present in microseconds since 1970; unless given, by the database's clock.

    Returns:
        None when it is taken, or how long in microseconds to wait before asking again.
    """
    present = present_moment(connection) if moment is None else moment
    due = lesser(_NEXT_AT, present + limit.furthest)
    earliest = due - limit.early(is_background=is_background)
    taken = await connection.execute(
        insert_into(connection.dialect.name, RateLimitRow)
        .values(kind=kind, next_at=present + limit.interval)
        .on_conflict_do_update(
            index_elements=["kind"],
            set_={"next_at": greater(due, present) + limit.interval},
            where=earliest <= present,
        )
        .returning(_NEXT_AT)
    )
    if taken.scalar_one_or_none() is not None:
        return None
    wait = await connection.execute(
        select(earliest - present).where(col(RateLimitRow.kind) == kind)
    )
    return max(0, wait.scalar_one())


async def pause_turns(
    connection: AsyncConnection, kind: str, limit: RateLimit, *, length: int
) -> None:
    """Give no turns for a while, as ``RateLimit.pause`` says; a longer pause is left as it is.

    Args:
        connection: One on which each statement is a transaction of its own.
        kind: What is counted.
        limit: How many there may be.
        length: How long, in microseconds.
    """
    until = present_moment(connection) + (
        min(length, LONGEST_PAUSE) + limit.early(is_background=False)
    )
    await connection.execute(
        insert_into(connection.dialect.name, RateLimitRow)
        .values(kind=kind, next_at=until)
        .on_conflict_do_update(
            index_elements=["kind"], set_={"next_at": until}, where=until > _NEXT_AT
        )
    )


def present_moment(connection: AsyncConnection) -> Moment:
    """Return the present in microseconds since 1970, by the clock that all processes share."""
    if connection.dialect.name == "sqlite":
        return literal(time.time_ns() * SECOND // 1_000_000_000, BigInteger)
    return cast(func.extract("epoch", func.clock_timestamp()) * SECOND, BigInteger)


def greater(one: Moment, other: Moment) -> Moment:
    """Return the later of two moments."""
    return case((one > other, one), else_=other)


def lesser(one: Moment, other: Moment) -> Moment:
    """Return the earlier of two moments."""
    return case((one < other, one), else_=other)
