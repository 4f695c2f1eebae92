import random

import pytest
from sqlalchemy import BigInteger, literal, select
from sqlmodel import col

from gql_server.database.engine import Database
from gql_server.database.rate_limits import pause_turns, take_turn
from gql_server.database.tables import RateLimitRow
from gql_server.domain.rate_limits import SECOND, RateLimit

pytestmark = pytest.mark.anyio


async def test_the_statement_gives_the_turns_that_the_rule_does(database: Database) -> None:
    limit, chance = RateLimit(120), random.Random(7)
    next_at, moment = 0, 1_800_000_000 * SECOND
    async with database.write_statements() as connection:
        for _ in range(60):
            is_background = chance.random() < 0.5
            expected, next_at = limit.take(next_at, moment, is_background=is_background)
            wait = await take_turn(
                connection,
                "a kind",
                limit,
                is_background=is_background,
                moment=literal(moment, BigInteger),
            )
            assert wait == expected
            moment += chance.choice((0, 1000, SECOND // 3, expected or 0, 5 * SECOND))
        rows = await connection.execute(select(col(RateLimitRow.kind), col(RateLimitRow.next_at)))
    assert rows.all() == [("a kind", next_at)]


async def test_kinds_are_counted_apart(database: Database) -> None:
    limit = RateLimit(2)
    async with database.write_statements() as connection:
        assert await take_turn(connection, "one", limit, is_background=False) is None
        assert await take_turn(connection, "one", limit, is_background=False) is not None
        assert await take_turn(connection, "other", limit, is_background=False) is None


async def test_a_pause_holds_for_its_length_and_is_not_cut_short(database: Database) -> None:
    limit = RateLimit(720)
    async with database.write_statements() as connection:
        for length in (20 * SECOND, 5 * SECOND):
            await pause_turns(connection, "a kind", limit, length=length)
        wait = await take_turn(connection, "a kind", limit, is_background=False)
    assert wait is not None
    assert 10 * SECOND < wait <= 20 * SECOND
