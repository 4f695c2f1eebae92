"""What a user may spend on operations, over all processes."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.access.allowances import Allowances
from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.allowances import spend_allowance
from gql_server.database.tables.processes import RateLimitRow
from gql_server.domain.allowances import Allowance, RateLimited
from gql_server.domain.principal import Principal
from gql_server.domain.rate_limits import SECOND
from tests.database.rows import counted_statements

pytestmark = pytest.mark.anyio

ANN, BOB = Principal("ann"), Principal("bob")
SLOW = Allowance(1000, 1)
"""Nothing to speak of is refilled during a test."""


class Clock:
    """A process's clock that stands still."""

    def __init__(self) -> None:
        self.moment = 1_000 * SECOND

    def __call__(self) -> int:
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("gql_server.access.allowances._microseconds", found)
    return found


@pytest.fixture
def processes(database: Database, clock: Clock) -> list[Allowances]:  # noqa: ARG001 - it stands still
    return [Allowances(database, SLOW) for _ in range(3)]


async def spent(process: Allowances, principal: Principal, cost: int) -> bool:
    try:
        await process.spend(principal, cost)
    except RateLimited:
        return False
    return True


async def test_light_operations_do_not_wait_for_the_database(database: Database) -> None:
    allowances = Allowances(database, Allowance(100_000, 10))
    with counted_statements(database) as statements:
        states = [await allowances.spend(ANN, 20) for _ in range(40)]
    assert statements == []
    assert [state.cost for state in states if state] == [20] * 40
    last = states[-1]
    assert last is not None
    assert 100_000 - 800 <= last.remaining <= 100_000 - 790
    assert (last.limit, last.per_second) == (100_000, 10)
    assert 79 < last.seconds <= 80


async def test_an_allowance_holds_over_all_processes_and_each_user_has_their_own(
    processes: list[Allowances],
) -> None:
    # 8 are settled in the background, 30 at once; unsettled are 10 in each process at most.
    let_through = 0
    for cost in (8, 30) * 40:
        for process in processes:
            let_through += cost * await spent(process, ANN, cost)
            await process.settle()
    assert 1000 - 8 <= let_through <= 1000 + 3 * 10
    assert not any([await spent(process, ANN, 8) for process in processes])
    assert await spent(processes[0], BOB, 900)


async def test_beyond_an_allowance_a_process_lets_no_more_through_than_it_may_leave_unsettled(
    processes: list[Allowances],
) -> None:
    assert await spent(processes[0], ANN, 1000)
    let_through = [sum([await spent(one, ANN, 1) for _ in range(50)]) for one in processes]
    assert let_through == [0, 10, 10]
    for process in processes[1:]:
        await process.settle()
        assert not await spent(process, ANN, 1)


async def test_a_crowd_at_once_does_not_pass_it(processes: list[Allowances]) -> None:
    tries = [spent(process, ANN, 70) for _ in range(20) for process in processes]
    assert sum(await asyncio.gather(*tries)) == 1000 // 70


async def test_a_refusal_says_when_it_is_worth_trying_again(
    database: Database, clock: Clock
) -> None:
    allowances = Allowances(database, Allowance(1000, 100))
    await allowances.spend(ANN, 950)
    with pytest.raises(RateLimited) as refused:
        await allowances.spend(ANN, 301)
    assert refused.value.retry_after == 3
    assert refused.value.state.cost == 301
    assert 50 <= refused.value.state.remaining < 70
    with counted_statements(database) as statements:
        for _ in range(20):
            assert not await spent(allowances, ANN, 301)
    assert statements == []
    clock.moment += 3 * SECOND
    assert (await allowances.spend(ANN, 5)) is not None


async def test_what_was_spent_outlives_the_process(database: Database, clock: Clock) -> None:  # noqa: ARG001 - it stands still
    first = Allowances(database, SLOW)
    async with first.settling():
        await first.spend(ANN, 5)
        await first.spend(ANN, 900)
        await first.spend(ANN, 7)
    second = Allowances(database, SLOW)
    assert not await spent(second, ANN, 100)
    state = await second.spend(ANN, 60)
    assert state is not None
    assert 28 <= state.remaining <= 30


async def test_where_nothing_is_bounded_nothing_is_counted(database: Database) -> None:
    allowances = Allowances(database, None)
    with counted_statements(database) as statements:
        async with allowances.settling():
            assert await allowances.spend(ANN, 10**9) is None
    assert statements == []


async def test_what_is_whole_again_is_forgotten(database: Database) -> None:
    allowances = Allowances(database, Allowance(1_000_000, 1_000_000))
    await allowances.spend(ANN, 100_000)
    await asyncio.sleep(0.1)
    await allowances.settle()
    await allowances._sweep()
    assert allowances._balances == {}
    async with database.read() as connection:
        rows = await connection.execute(select(func.count()).select_from(RateLimitRow))
    assert rows.scalar_one() == 0


async def test_no_one_is_refused_because_the_database_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowances = Allowances(database, SLOW)
    assert await spent(allowances, ANN, 500)
    monkeypatch.setattr(database, "write_unsynced", away)
    with structlog.testing.capture_logs() as logged:
        assert await spent(allowances, ANN, 400)
    assert [entry["event"] for entry in logged] == ["allowance_not_counted"]


@pytest.mark.parametrize("canceled", ["operation", "settling"])
async def test_what_is_canceled_while_it_is_counted_is_counted_once(
    database: Database,
    clock: Clock,  # noqa: ARG001 - it stands still
    monkeypatch: pytest.MonkeyPatch,
    canceled: str,
) -> None:
    counted, answered = asyncio.Event(), asyncio.Event()
    write_unsynced = database.write_unsynced

    async def answer_later(work: Callable[[AsyncConnection], Coroutine[Any, Any, Any]]) -> Any:
        found = await write_unsynced(work)
        counted.set()
        await answered.wait()
        return found

    allowances = Allowances(database, SLOW)
    assert await spent(allowances, ANN, 7)
    with monkeypatch.context() as patch:
        patch.setattr(database, "write_unsynced", answer_later)
        counting = asyncio.ensure_future(
            allowances.settle() if canceled == "settling" else spent(allowances, ANN, 500)
        )
        await counted.wait()
        counting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await counting
        answered.set()
        await allowances.settle()
    state = await Allowances(database, SLOW).spend(ANN, 100)
    assert state is not None
    assert state.remaining == pytest.approx(1000 - 7 - 100 - 500 * (canceled == "operation"), abs=1)


async def away(_work: object) -> None:
    raise DatabaseUnavailable


async def test_the_statement_counts_to_the_microsecond(database: Database) -> None:
    moment = 1_800_000_000 * SECOND
    allowance = Allowance(10, 1)
    outcomes = []
    for later, length, is_spent in (
        (0, 4, False),  # 4 s are missing
        (1, 7, False),  # 10
        (1, 1, False),  # refused: 11 of 10
        (2, 1, False),  # 10 again, for a second has passed
        (2, 3, True),  # 13: it was spent already
        (20, 10, False),  # whole in between
    ):
        spend = partial(
            spend_allowance,
            user_id="ann",
            allowance=allowance,
            length=length * SECOND,
            is_spent=is_spent,
            moment=literal(moment + later * SECOND, BigInteger),
        )
        outcomes.append(await database.write_unsynced(spend))
    assert [(is_counted, missing // SECOND) for is_counted, missing in outcomes] == [
        (True, 4),
        (True, 10),
        (False, 10),
        (True, 10),
        (True, 13),
        (True, 10),
    ]


@pytest.mark.parametrize("step", [3600, 86_400, 365 * 86_400])
async def test_a_clock_that_steps_back_costs_what_the_allowance_is_refilled_in(
    database: Database, step: int
) -> None:
    allowance, before = Allowance(10, 1), 1_900_000_000

    async def spend(second: int, length: int) -> tuple[bool, int]:
        return await database.write_unsynced(
            partial(
                spend_allowance,
                user_id="ann",
                allowance=allowance,
                length=length * SECOND,
                is_spent=False,
                moment=literal(second * SECOND, BigInteger),
            )
        )

    assert (await spend(before, 10))[0]
    is_counted, missing = await spend(before - step, 1)
    assert (is_counted, missing) == (False, 10 * SECOND)
    assert (await spend(before - step + 10, 1))[0]


@given(size=st.integers(1, 10**9), per_second=st.integers(1, 10**9), cost=st.integers(1, 10**10))
def test_a_cost_is_never_cheaper_than_its_refilling(size: int, per_second: int, cost: int) -> None:
    allowance = Allowance(size, per_second)
    length = allowance.length(cost)
    assert length * per_second >= min(cost, size) * SECOND
    assert length <= allowance.refill_length
    assert allowance.left(length) <= max(0, size - min(cost, size)) + per_second // SECOND + 1
    assert allowance.left(0) == size
