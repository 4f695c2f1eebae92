"""Whatever happens in whatever order: ledger, roll-ups, analytics and audit agree."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import anyio.from_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gql_server.database.rollups import Grouping, RollupFilter
from gql_server.ledger.adjustments import Adjustment, adjust
from gql_server.ledger.analytics import CostReport
from gql_server.ledger.audit import audit
from tests.servers.product import FLUX, SDXL, Product, running_product, workers_ai_settings
from tests.servers.workers_ai_app import WorkersAIStandin
from tests.servers.workers_ai_behaviours import Behaviour, error, prompt_refused

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
        st.tuples(st.just("adjust"), st.integers(-(10**9), 10**9).filter(bool)),
    ),
    min_size=1,
    max_size=12,
)

Run = Callable[[list[tuple[str, Any]]], None]


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, running_standin: WorkersAIStandin
) -> Iterator[Run]:
    """Run a sequence against one server, whose ledger grows from sequence to sequence."""
    running_standin.reset()
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(
            running_product(
                tmp_path_factory.mktemp("sequences"), workers_ai_settings(running_standin)
            )
        ) as product,
    ):
        expected = {"images": 0, "amount": 0}
        made: list[str] = []

        def run_steps(steps: list[tuple[str, Any]]) -> None:
            portal.call(_run, product, running_standin, steps, expected, made)

        yield run_steps


async def _run(
    product: Product,
    standin: WorkersAIStandin,
    steps: list[tuple[str, Any]],
    expected: dict[str, int],
    made: list[str],
) -> None:
    for kind, value in steps:
        if kind == "generate":
            made.append(
                (await product.image(model=value, steps=None if value == SDXL else 4))["id"]
            )
            expected["images"] += 1
            expected["amount"] += COSTS[value]
        elif kind == "fail":
            standin.next(FAILURES[value])
            assert (await product.generate())["image"] is None
        elif kind == "together":
            pictures: list[Coroutine[Any, Any, Any]] = [product.image() for _ in range(value)]
            made.extend(image["id"] for image in await asyncio.gather(*pictures))
            expected["images"] += value
            expected["amount"] += value * COSTS[FLUX]
        elif kind == "adjust":
            await adjust(
                product.parts.database,
                Adjustment(user_id="default_user", amount=value, reason="a test"),
            )
            expected["amount"] += value
        elif made:
            await product.ask(
                "mutation C($id: ID!) { %sImage(input: {id: $id}) { userErrors { code } } }" % kind,
                id=made[value % len(made)],
            )
    await _check(product, expected)


async def _check(product: Product, expected: dict[str, int]) -> None:
    database, where = product.parts.database, RollupFilter(is_preview=False)
    found = await audit(database)
    assert found.is_clean, found
    report = CostReport(database, where)
    totals = await report.totals()
    assert {"images": totals.images, "amount": totals.amount} == expected
    for by in (Grouping.USER, Grouping.MODEL, Grouping.TEMPLATE):
        parts = (await report.totals_by(by)).values()
        assert sum(part.amount for part in parts) == totals.amount
        assert sum(part.images for part in parts) == totals.images


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_any_sequence_leaves_everything_in_agreement(
    run: Run, steps: list[tuple[str, Any]]
) -> None:
    run(steps)
