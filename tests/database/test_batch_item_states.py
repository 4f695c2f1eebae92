"""What several do with the items of one batch at the same time."""

import asyncio

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.engine.records import record_of
from gql_server.database.queries.batch_item_states import (
    cancel_queued_items,
    end_items_with_images,
    start_items,
)
from gql_server.database.queries.batch_items import find_items, items_to_do
from gql_server.database.queries.batches import lock_batch
from gql_server.database.queries.processes import register_process, remove_process
from gql_server.database.records.batches import ItemToDo
from gql_server.database.tables.batches import BatchItemRow
from gql_server.domain.batches import ItemStatus
from tests.database.batch_rows import PRICE, add_batch
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_cancel_under_the_batchs_lock_does_not_wait_for_one_who_starts_an_item(
    database: Database,
) -> None:
    batch, (starting, waiting) = await add_batch(database, ItemStatus.QUEUED, ItemStatus.QUEUED)
    start = update(BatchItemRow).where(col(BatchItemRow.id) == starting.id).values(status="running")
    async with database.write() as starter:
        await starter.execute(start)
        async with asyncio.timeout(WAIT_SECONDS), database.write() as canceler:
            await lock_batch(canceler, batch.id)
            assert await cancel_queued_items(canceler, batch.id) == (1, PRICE)
        await lock_batch(starter, batch.id)
    async with database.read() as connection:
        (left,) = await items_to_do(connection, batch.id, 0)
    assert (left.id, left.status) == (starting.id, ItemStatus.RUNNING)
    assert waiting.id != starting.id


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_slice_is_read_without_the_rest_of_its_batch(database: Database) -> None:
    async with database.read() as connection:
        plan = await connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT * FROM batch_items WHERE batch_id = 'b' AND slice = 1"
                " AND status IN ('queued', 'running') ORDER BY position"
            )
        )
        steps = [row.detail for row in plan]
    assert steps == ["SEARCH batch_items USING INDEX ix_batch_items_slice (batch_id=? AND slice=?)"]


async def test_items_end_with_their_images_whether_they_run_or_were_put_back(
    database: Database,
) -> None:
    states = (ItemStatus.QUEUED, ItemStatus.RUNNING, ItemStatus.FAILED, ItemStatus.QUEUED)
    batch, rows = await add_batch(database, *states, status="paused", sequence=1)
    items = [record_of(row, ItemToDo) for row in rows[:3]]
    async with database.write() as connection:
        ended = await end_items_with_images(connection, items)
    assert sorted(item.id for _, group in ended for item in group) == [rows[0].id, rows[1].id]
    async with database.read() as connection:
        found = await lock_batch(connection, batch.id)
        after = await find_items(connection, [row.id for row in rows], user_id=None)
    assert found is not None
    counts = (found.queued, found.running, found.failed, found.succeeded)
    assert (counts, found.sequence, found.cost) == ((1, 0, 1, 2), 3, 2 * PRICE)
    assert [after[row.id].status for row in rows] == ["succeeded"] * 2 + ["failed", "queued"]
    assert {after[row.id].sequence for row in rows[:2]} == {2, 3}


async def test_a_process_that_was_declared_dead_starts_no_item(database: Database) -> None:
    _, (first, second) = await add_batch(database, ItemStatus.QUEUED, ItemStatus.QUEUED)
    async with database.write() as connection:
        await register_process(connection, "prc_a")
        assert await start_items(connection, [first.id], process_id="prc_a", attempts=0) == {
            first.id
        }
        await remove_process(connection, "prc_a")
        assert not await start_items(connection, [second.id], process_id="prc_a", attempts=0)
