"""What several do with the items of one batch at the same time."""

import asyncio

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from gql_server.database.batch_item_states import cancel_queued_items
from gql_server.database.batch_items import items_to_do
from gql_server.database.batch_tables import BatchItemRow
from gql_server.database.batches import lock_batch
from gql_server.database.engine import Database
from gql_server.domain.batches import ItemStatus
from tests.database.batch_rows import PRICE, add_batch

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_whoever_cancels_under_the_batchs_lock_waits_for_nobody_who_starts_an_item(
    database: Database,
) -> None:
    batch, (starting, waiting) = await add_batch(database, ItemStatus.QUEUED, ItemStatus.QUEUED)
    start = update(BatchItemRow).where(col(BatchItemRow.id) == starting.id).values(status="running")
    async with database.write() as starter:
        await starter.execute(start)
        async with asyncio.timeout(10), database.write() as canceler:
            await lock_batch(canceler, batch.id)
            assert await cancel_queued_items(canceler, batch.id) == (1, PRICE)
        await lock_batch(starter, batch.id)
    async with database.read() as connection:
        (left,) = await items_to_do(connection, batch.id, 0)
    assert (left["id"], left["status"]) == (starting.id, ItemStatus.RUNNING)
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
