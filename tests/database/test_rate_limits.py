import random
import time
from functools import partial

import pytest
from sqlalchemy import select
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.queries.rate_limits import pause_permits, take_permit
from gql_server.database.tables.processes import RateLimitRow
from gql_server.domain.rate_limits import SECOND, RateLimit

pytestmark = pytest.mark.anyio


async def test_the_statement_gives_the_turns_that_the_rule_does(database: Database) -> None:
    limit, chance = RateLimit(120), random.Random(7)
    next_at, moment = 0, 1_800_000_000 * SECOND
    for _ in range(60):
        is_background = chance.random() < 0.5
        expected, next_at = limit.take(next_at, moment, is_background=is_background)
        take = partial(take_permit, kind="a kind", limit=limit, is_background=is_background)
        assert await database.write_unsynced(partial(take, moment=moment)) == expected
        moment += chance.choice((0, 1000, SECOND // 3, expected or 0, 5 * SECOND))
    async with database.read() as connection:
        rows = await connection.execute(select(col(RateLimitRow.kind), col(RateLimitRow.next_at)))
    assert rows.all() == [("a kind", next_at)]


@pytest.mark.parametrize("step", [3600, 86_400, 365 * 86_400])
async def test_a_clock_that_steps_back_costs_a_window_at_most(
    database: Database, step: int
) -> None:
    limit, before = RateLimit(120), 1_900_000_000 * SECOND
    take = partial(take_permit, kind="a kind", limit=limit, is_background=False)
    for _ in range(30):
        await database.write_unsynced(partial(take, moment=before))
    moment = before - step * SECOND
    wait = await database.write_unsynced(partial(take, moment=moment))
    assert wait is not None
    assert wait <= 70 * SECOND
    # The window passes, and all is as it was.
    assert await database.write_unsynced(partial(take, moment=moment + wait)) is None
    assert await database.write_unsynced(partial(take, moment=moment + 2 * wait)) is None


async def test_a_clock_that_steps_forward_costs_nothing(database: Database) -> None:
    limit, before = RateLimit(120), 1_800_000_000 * SECOND
    take = partial(take_permit, kind="a kind", limit=limit, is_background=False)
    assert await database.write_unsynced(partial(take, moment=before)) is None
    after = before + 365 * 86_400 * SECOND
    assert await database.write_unsynced(partial(take, moment=after)) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_step_under_the_only_process_of_sqlite_costs_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = partial(take_permit, kind="a kind", limit=RateLimit(600), is_background=False)
    assert await database.write_unsynced(take) is None
    stepped = time.time_ns() - 3600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: stepped)
    assert await database.write_unsynced(take) is None


async def test_kinds_are_counted_apart(database: Database) -> None:
    async def turn(kind: str) -> int | None:
        return await database.write_unsynced(
            partial(take_permit, kind=kind, limit=RateLimit(2), is_background=False)
        )

    assert await turn("one") is None
    assert await turn("one") is not None
    assert await turn("other") is None


async def test_a_pause_holds_for_its_length_and_is_not_cut_short(database: Database) -> None:
    kind, limit = "a kind", RateLimit(720)
    for length in (20 * SECOND, 5 * SECOND):
        await database.write_unsynced(partial(pause_permits, kind=kind, limit=limit, length=length))
    take = partial(take_permit, kind=kind, limit=limit, is_background=False)
    wait = await database.write_unsynced(take)
    assert wait is not None
    assert 10 * SECOND < wait <= 20 * SECOND
