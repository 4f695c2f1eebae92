from datetime import timedelta

import pytest

from gql_server.database.charges import ModelTotals, totals_by_model
from gql_server.database.engine import Database
from tests.database.rows import START, add_image, counted_statements

pytestmark = pytest.mark.anyio


async def test_charges_are_summed_by_model_the_costliest_first(database: Database) -> None:
    for _ in range(3):
        await add_image(database, model_id="@cf/a/cheap", cost=1, provider_cost=2, neurons=3)
    await add_image(database, model_id="@cf/a/dear", cost=2**40, provider_cost=2**41, neurons=5)
    await add_image(database, user_id="bob")
    await add_image(database, is_preview=True)
    with counted_statements(database) as statements:
        async with database.read() as connection:
            totals = await totals_by_model(
                connection, user_id="ann", is_preview=False, since=None, until=None
            )
    assert len(statements) == 1
    assert totals == [
        ModelTotals(model_id="@cf/a/dear", images=1, amount=2**40, provider_cost=2**41, neurons=5),
        ModelTotals(model_id="@cf/a/cheap", images=3, amount=3, provider_cost=6, neurons=9),
    ]


async def test_a_span_holds_its_start_and_not_its_end(database: Database) -> None:
    for hours in range(4):
        await add_image(database, created_at=START + timedelta(hours=hours), cost=10**hours)
    async with database.read() as connection:
        (totals,) = await totals_by_model(
            connection,
            user_id=None,
            is_preview=False,
            since=START + timedelta(hours=1),
            until=START + timedelta(hours=3),
        )
    assert totals.amount == 110
