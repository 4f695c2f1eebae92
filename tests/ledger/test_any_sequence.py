"""Whatever happens in whatever order: ledger, roll-ups, analytics and audit agree."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import anyio.from_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gql_server.database.queries.rollups import Grouping, RollupFilter
from gql_server.domain.budgets import BudgetPeriod
from gql_server.domain.money import to_dollars
from gql_server.ledger.adjustments import Adjustment, adjust
from gql_server.ledger.audit.audit import audit
from gql_server.ledger.budgets.budgets import BudgetRequest
from gql_server.ledger.reports.analytics import CostReport
from tests.support.running_app import FLUX, SDXL, RunningApp, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Behaviour, error, prompt_refused

PHOENIX = "@cf/leonardo/phoenix-1.0"
COSTS = {FLUX: 10_000_000, SDXL: 20_000_000, PHOENIX: 4 * 5_830_000 + 4 * 110_000}
FAILURES: dict[str, Behaviour] = {
    "refused": prompt_refused(),
    "operator": error(3023, 403),
    "bad data": error(5004, 400),
}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("generate"), st.sampled_from(sorted(COSTS))),
        st.tuples(st.just("fail"), st.sampled_from(sorted(FAILURES))),
        st.tuples(st.just("together"), st.integers(2, 4)),
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("restore"), st.integers(0, 5)),
        st.tuples(st.just("retry"), st.integers(0, 3)),
        st.tuples(st.just("budget"), st.sampled_from((None, 0, 1, 3, 10))),
        st.tuples(st.just("adjust"), st.integers(-(10**9), 10**9).filter(bool)),
    ),
    min_size=1,
    max_size=12,
)

Run = Callable[[list[tuple[str, Any]]], None]


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, session_workers_ai: FakeWorkersAI
) -> Iterator[Run]:
    """Run a sequence against one server, whose ledger grows from sequence to sequence."""
    session_workers_ai.reset()
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(
            running_app(
                tmp_path_factory.mktemp("sequences"), workers_ai_settings(session_workers_ai)
            )
        ) as app,
    ):
        expected = {"images": 0, "amount": 0}
        made: list[str] = []
        keyed: dict[int, str] = {}

        def run_steps(steps: list[tuple[str, Any]]) -> None:
            portal.call(_run, app, session_workers_ai, steps, expected, made, keyed)

        yield run_steps


async def _run(
    app: RunningApp,
    fake_workers_ai: FakeWorkersAI,
    steps: list[tuple[str, Any]],
    expected: dict[str, int],
    made: list[str],
    keyed: dict[int, str],
) -> None:
    for kind, value in steps:
        if kind in {"generate", "together"}:
            model, times = (value, 1) if kind == "generate" else (FLUX, value)
            payable = await _payable(app, COSTS[model])
            pictures: list[Coroutine[Any, Any, Any]] = [
                app.generate(model=model, steps=None if model == SDXL else 4) for _ in range(times)
            ]
            payloads = await asyncio.gather(*pictures)
            kept = [payload["image"]["id"] for payload in payloads if payload["image"]]
            assert len(kept) == (times if payable is None else min(times, payable))
            made.extend(kept)
            expected["images"] += len(kept)
            expected["amount"] += len(kept) * COSTS[model]
        elif kind == "retry":
            await _send_again(app, value, expected, made, keyed)
        elif kind == "fail":
            if await _payable(app, COSTS[FLUX]) != 0:
                fake_workers_ai.next(FAILURES[value])
            assert (await app.generate())["image"] is None
        elif kind == "budget":
            await _set_budget(app, value)
        elif kind == "adjust":
            await adjust(
                app.services.database,
                Adjustment(user_id="default_user", amount=value, reason="a test"),
            )
            expected["amount"] += value
        elif made:
            await app.ask(
                "mutation C($id: ID!) { %sImage(input: {id: $id}) { userErrors { code } } }" % kind,
                id=made[value % len(made)],
            )
    await _check(app, expected)


async def _send_again(
    app: RunningApp,
    key: int,
    expected: dict[str, int],
    made: list[str],
    keyed: dict[int, str],
) -> None:
    """Send the request of a key, which has been sent before or not."""
    payable = await _payable(app, COSTS[FLUX])
    image = (await app.generate(idempotencyKey=f"key {key}"))["image"]
    if key in keyed:
        assert image["id"] == keyed[key]
    elif payable == 0:
        assert image is None
    else:
        keyed[key] = image["id"]
        made.append(image["id"])
        expected["images"] += 1
        expected["amount"] += COSTS[FLUX]


async def _set_budget(app: RunningApp, pictures: int | None) -> None:
    """Leave room for so many pictures of the cheapest kind; None takes the budget away."""
    budgets = app.services.budgets
    for state in await budgets.every():
        await budgets.remove(state.window.budget.id)
    if pictures is not None:
        state = await budgets.set(BudgetRequest(limit=0, period=BudgetPeriod.MONTHLY))
        limit = max(0, state.spent) + pictures * COSTS[FLUX]
        await budgets.set(BudgetRequest(limit=to_dollars(limit), period=BudgetPeriod.MONTHLY))


async def _payable(app: RunningApp, cost: int) -> int | None:
    """Return how many pictures the budget pays for; None: there is none."""
    states = await app.services.budgets.every()
    return max(0, states[0].limit - states[0].spent) // cost if states else None


async def _check(app: RunningApp, expected: dict[str, int]) -> None:
    database, where = app.services.database, RollupFilter(is_preview=False)
    found = await audit(database)
    assert found.is_clean, found
    report = CostReport(database, where)
    totals = await report.totals()
    assert {"images": totals.images, "amount": totals.amount} == expected
    for by in (Grouping.USER, Grouping.MODEL, Grouping.TEMPLATE):
        services = (await report.totals_by(by)).values()
        assert sum(part.amount for part in services) == totals.amount
        assert sum(part.images for part in services) == totals.images
    for state in await app.services.budgets.every():
        report = CostReport(
            database, where, since=state.window.starts_at, until=state.window.resets_at
        )
        assert (state.spent, state.reserved) == ((await report.totals()).amount, 0)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_any_sequence_leaves_everything_in_agreement(
    run: Run, steps: list[tuple[str, Any]]
) -> None:
    run(steps)
