import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from gql_server.database.engine.engine import Database
from gql_server.database.queries.periods import day_of
from gql_server.database.queries.rollups import Grouping, RollupFilter
from gql_server.domain.batches import ItemStatus
from gql_server.domain.clock import now
from gql_server.domain.errors import ImageNotFound, Rejected
from gql_server.ledger.adjustments import Adjustment, adjust
from gql_server.ledger.audit.audit import AuditReport, audit
from gql_server.ledger.reports.analytics import CostReport
from tests.database.batch_rows import PRICE, add_batch
from tests.database.rows import START, add_image, add_images

pytestmark = pytest.mark.anyio


async def run(database: Database, statement: str) -> None:
    async with database.write() as connection:
        await connection.execute(text(statement))


async def test_what_was_written_agrees(database: Database) -> None:
    assert (await audit(database)).is_clean
    for days in (29, 30, 33):
        await add_images(database, 5, created_at=START + timedelta(days=days, hours=7))
    found = await audit(database)
    assert found.is_clean
    assert not found.days


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE cost_rollups SET amount = amount + 1 WHERE span = 'quarter' AND grouping = 7",
        "UPDATE cost_rollups SET images = images - 1 WHERE span = 'day' AND grouping = 0",
        "DELETE FROM cost_rollups WHERE grouping = 3",
        "UPDATE cost_rollups SET user_id = 'eve' WHERE grouping = 1 AND span = 'day'",
    ],
)
async def test_a_wrong_roll_up_is_reported_and_fixed(database: Database, harm: str) -> None:
    await add_images(database, 3)
    before = await CostReport(database, RollupFilter(is_preview=False)).totals()
    await run(database, harm)
    found = await audit(database)
    assert not found.is_clean
    assert found.days == [day_of(START)]
    assert not (await audit(database)).is_clean
    assert (await audit(database, repair=True)).is_clean
    assert (await audit(database)).days == []
    assert await CostReport(database, RollupFilter(is_preview=False)).totals() == before


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE cost_rollups SET amount = amount + 1 WHERE span = 'month' AND grouping = 7",
        "DELETE FROM cost_rollups WHERE span = 'month' AND grouping = 0",
        "UPDATE cost_rollups SET template_id = 'tpl_x' WHERE span = 'month' AND grouping = 4",
    ],
)
async def test_a_wrong_month_is_reported_and_fixed(database: Database, harm: str) -> None:
    await add_images(database, 3, created_at=START + timedelta(days=30))
    await add_image(database, created_at=START + timedelta(days=31))
    where = RollupFilter(is_preview=False)
    before = await CostReport(database, where).totals_by(Grouping.TEMPLATE)
    await run(database, f"{harm} AND starts_at < '2026-01-15'")
    found = await audit(database)
    assert not found.is_clean
    assert (found.days, found.months) == ([], [START])
    assert (await audit(database, repair=True)).is_clean
    assert (await audit(database)).months == []
    assert await CostReport(database, where).totals_by(Grouping.TEMPLATE) == before


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE images SET cost = cost + 1",
        "UPDATE charges SET neurons = 0",
        "UPDATE charges SET user_id = 'eve'",
        "DELETE FROM charges",
    ],
)
async def test_an_image_out_of_step_is_named_and_not_fixed(database: Database, harm: str) -> None:
    image = await add_image(database)
    await run(database, harm)
    found = await audit(database, repair=True)
    assert found.images == [image.id]
    assert not found.is_clean


@pytest.mark.parametrize(
    "harm",
    [
        None,
        "UPDATE batches SET cost = cost + 1 WHERE id = '{}'",
        "UPDATE batches SET succeeded = 0, failed = 2 WHERE id = '{}'",
        "UPDATE batch_items SET status = 'queued' WHERE status = 'canceled' AND batch_id = '{}'",
        "DELETE FROM batch_items WHERE status = 'canceled' AND batch_id = '{}'",
        "UPDATE images SET batch_id = NULL WHERE batch_id = '{}'",
        "DELETE FROM batch_items WHERE batch_id = '{}'",
    ],
)
async def test_a_batch_out_of_step_with_its_items_and_images_is_named(
    database: Database, harm: str | None
) -> None:
    batch, _ = await add_batch(
        database, ItemStatus.SUCCEEDED, ItemStatus.FAILED, ItemStatus.CANCELED, cost=PRICE
    )
    await add_image(database, batch_id=batch.id, cost=PRICE)
    await add_batch(database)
    if harm is not None:
        await run(database, harm.format(batch.id))
    found = await audit(database)
    assert list(found.batches) == ([] if harm is None else [batch.id])
    assert found.is_clean is (harm is None)


async def test_an_audit_may_run_while_images_are_charged(database: Database) -> None:
    async def charge() -> None:
        for _ in range(20):
            await add_image(database)

    writing = asyncio.gather(charge(), charge())
    reports: list[AuditReport] = []
    while not writing.done():
        reports.append(await audit(database, repair=len(reports) % 2 == 1))
    await writing
    assert all(not found.days for found in reports)
    assert (await audit(database)).is_clean
    totals = await CostReport(database, RollupFilter(is_preview=False)).totals()
    assert totals.images == 40


async def test_an_adjustment_is_a_line_of_its_own(database: Database) -> None:
    image = await add_image(database, cost=100, created_at=now())  # the days between are audited
    await adjust(
        database,
        Adjustment(user_id="ann", amount=-30, reason="a blurred picture", image_id=image.id),
    )
    await adjust(database, Adjustment(user_id="ann", amount=5, reason="a service fee"))
    totals = await CostReport(database, RollupFilter(is_preview=False)).totals()
    assert (totals.amount, totals.images) == (75, 1)
    by_model = await CostReport(database, RollupFilter(is_preview=False)).totals_by(Grouping.MODEL)
    assert {model: found.amount for model, found in by_model.items()} == {image.model_id: 70, "": 5}
    assert (await audit(database)).is_clean


async def test_an_adjustment_needs_a_reason_an_amount_and_its_image(database: Database) -> None:
    with pytest.raises(Rejected) as caught:
        await adjust(database, Adjustment(user_id="ann", amount=0, reason=" "))
    assert [error.path for error in caught.value.errors] == [("reason",), ("amount",)]
    image = await add_image(database)
    with pytest.raises(ImageNotFound):
        await adjust(
            database,
            Adjustment(user_id="bob", amount=1, reason="not his", image_id=image.id),
        )
    totals = await CostReport(database, RollupFilter(is_preview=False)).totals()
    assert totals.amount == image.cost
