"""Budgets hold before money is spent, for the server, a user and a key, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from sqlalchemy import select
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.charges import record_charges
from gql_server.database.queries.idempotency_keys import KeyScope, claim_key, complete_key
from gql_server.database.queries.processes import remove_process
from gql_server.database.queries.reservations import keep_reservation, remove_reservations
from gql_server.database.tables.budgets import ReservationRow
from gql_server.domain.budgets import BudgetPeriod, BudgetScope, Payer
from gql_server.domain.clock import now
from gql_server.domain.errors import BudgetExceeded, BudgetNotFound, Rejected
from gql_server.ledger.audit.audit import audit
from gql_server.ledger.budgets import budgets as module
from gql_server.ledger.budgets.alerts import BudgetAlerts
from gql_server.ledger.budgets.budgets import BudgetRequest, Budgets, BudgetState, tightest
from gql_server.ledger.budgets.reservations import Hold, Reservations
from gql_server.processes.lease import ProcessLease
from tests.database.rows import charge_row, image_row
from tests.support.clock import step_clock
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

CENT = 10_000_000
ANN = Payer(user_id="ann")
BOB = Payer(user_id="bob")
ANNS_KEY = Payer(user_id="ann", key_id="key_1")


async def no_webhook(text: str) -> None:
    raise AssertionError(text)


class House:
    """A process that holds money."""

    def __init__(
        self, database: Database, *, is_preview: bool = False, lease_seconds: float = 30
    ) -> None:
        self.database = database
        self.lease = ProcessLease(database, seconds=lease_seconds)
        self.budgets = Budgets(
            database, self.lease, is_preview=is_preview, check_webhook=no_webhook
        )
        self.alerts = BudgetAlerts(self.budgets, deliver_soon=no_webhook)
        self.reservations = Reservations(self.budgets, spent=self.alerts.spent)

    async def set(self, dollars: float, **changes: Any) -> BudgetState:
        columns: dict[str, Any] = {"limit": dollars, "period": BudgetPeriod.MONTHLY} | changes
        return await self.budgets.set(BudgetRequest(**columns))

    async def reserve(self, work_id: str, payer: Payer = ANN, cents: int = 1) -> bool:
        try:
            await self.reservations.reserve(work_id, payer, cents * CENT)
        except Rejected:
            return False
        return True

    async def charge(
        self, payer: Payer = ANN, cents: int = 1, at: datetime | None = None, **changes: Any
    ) -> None:
        row = charge_row(
            image_row(user_id=payer.user_id, cost=cents * CENT, created_at=at or now()),
            **{"image_id": None, "kind": "adjustment", "key_id": payer.key_id} | changes,
        )
        async with self.database.write() as connection:
            await record_charges(connection, [row])


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    house = House(database)
    async with house.lease.held():
        yield house


async def reservations(database: Database) -> dict[str, int]:
    async with database.read() as connection:
        rows = await connection.execute(select(col(ReservationRow.id), col(ReservationRow.amount)))
        return {row.id: row.amount for row in rows}


async def test_without_a_budget_nothing_is_held_and_everything_passes(house: House) -> None:
    assert await house.reserve("img_1", cents=10**6)
    assert await reservations(house.database) == {}


async def test_what_is_held_counts_as_what_was_spent_does(house: House) -> None:
    await house.set(0.05)
    await house.charge(cents=2)
    assert await house.reserve("img_1", cents=2)
    assert not await house.reserve("img_2", cents=2)
    assert await house.reserve("img_3", cents=1)
    assert not await house.reserve("img_4", cents=1)
    (state,) = await house.budgets.every()
    assert (state.limit, state.spent, state.reserved) == (5 * CENT, 2 * CENT, 3 * CENT)
    assert state.remaining == 0


async def test_a_refusal_says_all_there_is_to_know(house: House) -> None:
    state = await house.set(0.05)
    await house.charge(cents=2)
    await house.reserve("img_1", cents=2)
    with pytest.raises(Rejected) as refused:
        await house.reservations.reserve("img_2", ANN, 3 * CENT)
    (error,) = refused.value.errors
    assert isinstance(error, BudgetExceeded)
    assert (error.limit, error.spent, error.reserved) == (5 * CENT, 2 * CENT, 2 * CENT)
    assert (error.needed, error.scope) == (3 * CENT, BudgetScope.SERVER)
    assert error.resets_at == state.window.resets_at
    assert "$0.02 are missing" in error.detailed_message
    assert "$0.05" not in error.message


async def test_a_hundred_at_once_get_what_the_limit_pays_for(house: House) -> None:
    other = House(house.database)
    await house.set(0.37)
    async with other.lease.held():
        answers = await asyncio.gather(
            *((house, other)[n % 2].reserve(f"img_{n}") for n in range(100))
        )
    assert answers.count(True) == 37
    assert len(await reservations(house.database)) == 37


async def test_every_budget_of_a_payer_must_hold_it(house: House) -> None:
    await house.set(1)
    await house.set(0.02, scope=BudgetScope.USER, subject_id="ann")
    await house.set(0.01, scope=BudgetScope.KEY, subject_id="key_1", period=BudgetPeriod.DAILY)
    assert await house.reserve("img_1", ANNS_KEY)
    assert not await house.reserve("img_2", ANNS_KEY)
    assert await house.reserve("img_3", ANN)
    assert not await house.reserve("img_4", ANN)
    assert await house.reserve("img_5", BOB, cents=50)
    with pytest.raises(Rejected) as refused:
        await house.reservations.reserve("img_6", ANNS_KEY, 90 * CENT)
    scopes = [error.scope for error in refused.value.errors if isinstance(error, BudgetExceeded)]
    assert scopes == [BudgetScope.SERVER, BudgetScope.USER, BudgetScope.KEY]


async def test_a_keys_charges_are_counted_by_key_and_audited(house: House) -> None:
    await house.set(1, scope=BudgetScope.KEY, subject_id="key_1")
    await house.charge(ANNS_KEY, cents=3, at=now() - timedelta(seconds=1))
    await house.charge(ANNS_KEY, cents=4)
    await house.charge(ANN, cents=50)
    (state,) = await house.budgets.every()
    assert state.spent == 7 * CENT
    assert (await audit(house.database)).is_clean


async def test_what_is_free_is_never_refused(house: House) -> None:
    await house.set(0)
    assert await house.reserve("img_1", cents=0)
    assert not await house.reserve("img_2", cents=1)


async def test_a_soft_budget_warns_and_lets_pass(house: House) -> None:
    await house.set(0.01, is_hard=False)
    assert await house.reservations.reserve("img_1", ANN, CENT) == []
    (passed,) = await house.reservations.reserve("img_2", ANN, CENT)
    assert (passed.limit, passed.reserved) == (CENT, CENT)
    (error,) = await house.reservations.check(ANN, CENT)
    assert error.reserved == 2 * CENT


async def test_what_ended_without_a_charge_is_released(house: House) -> None:
    await house.set(0.01)

    async def broken_work() -> None:
        async with house.reservations.held("img_1", ANN, CENT):
            assert await reservations(house.database) == {"img_1": CENT}
            raise ValueError("broke")

    with pytest.raises(ValueError, match="broke"):
        await broken_work()
    assert await reservations(house.database) == {}
    assert await house.reserve("img_2")


async def test_a_hold_whose_commit_was_not_confirmed_is_released(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.set(0.01)
    renew = house.reservations.renew

    async def unconfirmed(hold: Hold) -> None:
        await renew(hold)
        raise DatabaseUnavailable("the answer was lost")

    monkeypatch.setattr(house.reservations, "renew", unconfirmed)
    with pytest.raises(DatabaseUnavailable):
        async with house.reservations.held("img_1", ANN, CENT):
            pass
    assert await reservations(house.database) == {}


async def test_the_same_work_holds_once(house: House) -> None:
    await house.set(0.01)
    assert await house.reserve("img_1")
    assert await house.reserve("img_1")
    assert await reservations(house.database) == {"img_1": CENT}


async def test_what_a_silent_process_held_counts_for_a_while(house: House) -> None:
    slow = House(house.database)
    await house.set(0.01)
    assert await slow.reserve("img_1")
    await house.reservations.sweep()
    assert not await house.reserve("img_2")
    assert await reservations(house.database) == {"img_1": CENT}


async def test_a_process_that_is_taken_for_dead_and_continues_takes_its_reservations_along(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.database.queries.reservations.GRACE", timedelta(0))
    back = House(house.database, lease_seconds=1)
    await house.set(0.01)
    async with back.lease.held(), back.reservations.held("img_1", ANN, CENT):
        before = back.lease.process_id
        async with house.database.write() as connection:
            await remove_process(connection, before)
        async with asyncio.timeout(WAIT_SECONDS):
            while back.lease.process_id == before:
                await asyncio.sleep(0.02)
        await back.reservations.sweep()
        assert not await house.reserve("img_2")


async def test_what_a_dead_process_held_counts_no_more_and_is_removed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.database.queries.reservations.GRACE", timedelta(0))
    dead = House(house.database)
    await house.set(0.01)
    async with dead.lease.held():
        assert await dead.reserve("img_1")
        assert not await house.reserve("img_2")
        await house.reservations.sweep()
        assert await reservations(house.database) == {"img_1": CENT}
    assert await house.reserve("img_2")
    await house.reservations.sweep()
    assert await reservations(house.database) == {"img_2": CENT}


async def test_what_can_be_resumed_by_its_key_stays_held_whichever_process_dies(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.database.queries.reservations.GRACE", timedelta(0))
    dead, scope = House(house.database), KeyScope(user_id="ann", operation="o", key="k")
    await house.set(0.01)
    async with dead.lease.held():
        assert await dead.reserve("img_1")
        async with house.database.write() as connection:
            await claim_key(
                connection,
                scope,
                input_hash="h",
                result_id="img_1",
                accepted=None,
                process_id=dead.lease.process_id,
            )
    for _ in range(2):
        assert not await house.reserve("img_2")
        await house.reservations.sweep()
        assert await reservations(house.database) == {"img_1": CENT}
        # A failure that may pass releases nothing either: whoever resumes it is charged.
        await house.reservations.release("img_1")
    assert await house.reserve("img_1")
    async with house.database.write() as connection:
        await complete_key(connection, scope, result_id="img_1")
    await house.reservations.release("img_1")
    assert await house.reserve("img_2")


async def test_a_clock_that_steps_back_frees_what_the_dead_held_after_a_while(
    house: House,
) -> None:
    dead = House(house.database)
    await house.set(0.01)
    assert await dead.reserve("img_1")
    await step_clock(house.database, timedelta(hours=-1))
    assert await house.reserve("img_2")


async def test_what_outlives_its_process_stays_held(house: House) -> None:
    dead = House(house.database)
    await house.set(0.01)
    async with dead.lease.held():
        await dead.reservations.reserve("bat_1", ANN, CENT)
        async with house.database.write() as connection:
            await keep_reservation(connection, "bat_1")
    await house.reservations.sweep()
    assert not await house.reserve("img_2")
    await house.reservations.release("bat_1")
    assert not await house.reserve("img_2")
    async with house.database.write() as connection:
        await remove_reservations(connection, ["bat_1"])
    assert await house.reserve("img_2")


async def test_a_lowered_limit_honours_what_is_held(house: House) -> None:
    first = await house.set(0.10)
    assert await house.reserve("img_1", cents=5)
    lowered = await house.set(0.02)
    assert lowered.window.budget.id == first.window.budget.id
    assert (lowered.reserved, lowered.remaining) == (5 * CENT, 0)
    assert not await house.reserve("img_2")
    assert await reservations(house.database) == {"img_1": 5 * CENT}


async def test_previews_and_real_images_have_budgets_of_their_own(house: House) -> None:
    previews = House(house.database, is_preview=True)
    await house.set(0.01)
    await house.charge(is_preview=True)
    assert await house.reserve("img_1")
    assert not await previews.reserve("img_2")


@pytest.mark.parametrize(
    ("moment", "zone", "period", "starts_at", "resets_at"),
    [
        ("2026-03-31T23:30Z", "Europe/Berlin", "monthly", "2026-03-31T22:00Z", "2026-04-30T22:00Z"),
        ("2026-03-31T21:30Z", "Europe/Berlin", "monthly", "2026-02-28T23:00Z", "2026-03-31T22:00Z"),
        ("2026-03-29T12:00Z", "Europe/Berlin", "daily", "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
        ("2026-10-25T12:00Z", "Europe/Berlin", "daily", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
        (
            "2026-12-31T18:40Z",
            "Asia/Kathmandu",
            "monthly",
            "2026-12-31T18:15Z",
            "2027-01-31T18:15Z",
        ),
    ],
)
async def test_a_period_is_its_own_zones(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    zone: str,
    period: str,
    starts_at: str,
    resets_at: str,
) -> None:
    await house.set(0.02, zone_name=zone, period=BudgetPeriod(period))
    start, end = datetime.fromisoformat(starts_at), datetime.fromisoformat(resets_at)
    for at in (start - timedelta(seconds=1), start, end - timedelta(seconds=1), end):
        await house.charge(at=at)
    monkeypatch.setattr(module, "now", lambda: datetime.fromisoformat(moment))
    (state,) = await house.budgets.every()
    assert (state.window.starts_at, state.window.resets_at) == (start, end)
    assert state.window.starts_at.tzinfo == UTC
    assert state.spent == 2 * CENT
    assert not await house.reserve("img_1")


async def test_what_is_held_when_a_period_ends_counts_in_the_next_and_so_does_its_charge(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = await house.set(0.02, period=BudgetPeriod.DAILY)
    await house.charge(cents=1)
    assert await house.reserve("img_1")
    tomorrow = state.window.resets_at
    monkeypatch.setattr(module, "now", lambda: tomorrow)
    (state,) = await house.budgets.every()
    assert (state.spent, state.reserved) == (0, CENT)
    assert not await house.reserve("img_2", cents=2)
    await house.charge(cents=1, at=tomorrow)
    await house.reservations.release("img_1")
    (state,) = await house.budgets.every()
    assert (state.spent, state.reserved) == (CENT, 0)


async def test_a_removed_budget_bounds_nothing(house: House) -> None:
    state = await house.set(0)
    assert not await house.reserve("img_1")
    await house.budgets.remove(state.window.budget.id)
    assert await house.reserve("img_1")
    with pytest.raises(BudgetNotFound):
        await house.budgets.remove(state.window.budget.id)


async def test_the_tightest_is_hard_and_has_the_least_left(house: House) -> None:
    await house.set(0.01, is_hard=False)
    await house.set(3, scope=BudgetScope.USER, subject_id="ann")
    await house.set(2, scope=BudgetScope.USER, subject_id="ann", period=BudgetPeriod.DAILY)
    states = await house.budgets.of(ANN)
    assert len(states) == 3
    found = tightest(states)
    assert found is not None
    assert found.limit == 200 * CENT
    assert tightest([]) is None


async def shares(house: House) -> list[int]:
    (state,) = await house.budgets.every()
    return sorted(state.alerts)


async def test_each_share_that_is_reached_is_reported_once(house: House) -> None:
    other = House(house.database)
    await house.set(0.10)
    reached: list[dict[int, datetime]] = []
    percents: list[int] = []
    for cents in (4, 1, 2, 1, 2, 5):
        async with house.reservations.held("img_1", ANN, 0):
            await house.charge(cents=cents)
        other.alerts.spent(ANN)
        with structlog.testing.capture_logs() as logged:
            await asyncio.gather(house.alerts.look(), other.alerts.look())
        (state,) = await house.budgets.every()
        reached.append(state.alerts)
        percents += [
            entry["percent"] for entry in logged if entry["event"] == "budget_share_reached"
        ]
    assert [sorted(alerts) for alerts in reached] == [
        [],
        [50],
        [50],
        [50, 80],
        [50, 80, 100],
        [50, 80, 100],
    ]
    last = reached[-1]
    assert all(alerts.items() <= last.items() for alerts in reached)
    assert sorted(percents) == [50, 80, 100]


async def test_an_unannounced_change_is_found_by_a_look_at_everything(house: House) -> None:
    await house.set(0.10)
    await house.charge(cents=9)
    await house.alerts.look()
    assert await shares(house) == []
    await house.alerts.look_at_all()
    assert await shares(house) == [50, 80]


async def test_the_next_period_has_alerts_of_its_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = await house.set(0.10)
    await house.charge(cents=10)
    await house.alerts.look_at_all()
    monkeypatch.setattr(module, "now", lambda: state.window.resets_at)
    assert await shares(house) == []
