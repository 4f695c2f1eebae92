"""Statements that grant permits under a rate limit, to all processes on the database alike.

PostgreSQL's own clock is read, so that machines whose clocks differ share the same limit. SQLite
has one process that requests permits, and a clock of that process that never steps.
"""

import time
from functools import cache
from typing import Final

from sqlalchemy import (
    BigInteger,
    Executable,
    SQLColumnExpression,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.inserts import insert_into
from gql_server.database.tables.processes import RateLimitRow
from gql_server.domain.rate_limits import MAX_PAUSE, SECOND, RateLimit

Moment = SQLColumnExpression[int]

_NEXT_AT: Final = col(RateLimitRow.next_at)


async def take_permit(
    connection: AsyncConnection,
    kind: str,
    limit: RateLimit,
    *,
    is_background: bool,
    moment: int | None = None,
) -> int | None:
    """Take a permit, as ``RateLimit.take`` does, in one statement if one is available.

    Args:
        connection: A connection on which each statement is a transaction of its own.
        kind: What is limited.
        limit: The limit.
        is_background: Whether direct work goes first.
        moment: The current time in microseconds since 1970; by default the database's.

    Returns:
        None when it was taken, or how long in microseconds to wait before the next try.
    """
    dialect = connection.dialect.name
    if moment is None and dialect == "sqlite":
        moment = _own_clock()
    take, wait, lower = _taking(dialect, has_moment=moment is not None)
    given: dict[str, str | int] = {
        "of_kind": kind,
        "interval": limit.interval,
        "furthest": limit.furthest,
        "early": limit.early(is_background=is_background),
    }
    if moment is not None:
        given["moment"] = moment
    taken = await connection.execute(take, given)
    if taken.scalar_one_or_none() is not None:
        return None
    microseconds: int = (await connection.execute(wait, given)).scalar_one()
    if microseconds >= limit.furthest - limit.early(is_background=is_background):
        # A clock that stepped back would stop all processes until it has caught up.
        await connection.execute(lower, given)
    return max(0, microseconds)


async def pause_permits(
    connection: AsyncConnection, kind: str, limit: RateLimit, *, length: int
) -> None:
    """Grant no permits for a while, as ``RateLimit.pause`` does; a longer pause stays.

    Args:
        connection: A connection on which each statement is a transaction of its own.
        kind: What is limited.
        limit: The limit.
        length: How long, in microseconds.
    """
    present = present_moment(connection)
    until = present + (min(length, MAX_PAUSE) + limit.early(is_background=False))
    await connection.execute(
        insert_into(connection.dialect.name, RateLimitRow)
        .values(kind=kind, next_at=until)
        .on_conflict_do_update(
            index_elements=["kind"],
            set_={"next_at": until},
            where=or_(until > _NEXT_AT, present + limit.furthest < _NEXT_AT),
        )
    )


def present_moment(connection: AsyncConnection) -> Moment:
    """Return the current time in microseconds since 1970, by the clock that all processes share."""
    if connection.dialect.name == "sqlite":
        return literal(_own_clock(), BigInteger)
    return _CLOCK


def greater(one: Moment, other: Moment) -> Moment:
    """Return the later of two times."""
    return case((one > other, one), else_=other)


def lesser(one: Moment, other: Moment) -> Moment:
    """Return the earlier of two times."""
    return case((one < other, one), else_=other)


@cache
def _taking(dialect: str, *, has_moment: bool) -> tuple[Executable, Executable, Executable]:
    """Return statements that take a permit, read how long to wait, and lower a time too far ahead.

    Each call of a model needs them.
    """
    present: Moment = bindparam("moment", type_=BigInteger()) if has_moment else _CLOCK
    kind = bindparam("of_kind", type_=String())
    interval, furthest, early = (
        bindparam(name, type_=BigInteger()) for name in ("interval", "furthest", "early")
    )
    due = lesser(_NEXT_AT, present + furthest)
    earliest = due - early
    take: Executable = (
        insert_into(dialect, RateLimitRow)
        .values(kind=kind, next_at=present + interval)
        .on_conflict_do_update(
            index_elements=["kind"],
            set_={"next_at": greater(due, present) + interval},
            where=earliest <= present,
        )
        .returning(_NEXT_AT)
    )
    wait = select(earliest - present).where(col(RateLimitRow.kind) == kind)
    lower = (
        update(RateLimitRow)
        .where(col(RateLimitRow.kind) == kind, present + furthest < _NEXT_AT)
        .values(next_at=present + furthest)
    )
    return take, wait, lower


def _own_clock() -> int:
    return (_STARTED_AT + time.monotonic_ns()) * SECOND // 1_000_000_000


_STARTED_AT: Final = time.time_ns() - time.monotonic_ns()
"""When the monotonic clock of this process was 0, as the wall clock had it at the start."""


_CLOCK: Final[Moment] = cast(func.extract("epoch", func.clock_timestamp()) * SECOND, BigInteger)
