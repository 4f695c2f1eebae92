"""How items and batches end: states, counts, money and news, in one transaction."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.batch_items import (
    cancel_queued_items,
    end_item,
    number_canceled_items,
)
from gql_server.database.batches import count_ends
from gql_server.database.pages import Facts
from gql_server.database.reservations import reduce_reservation, remove_reservations
from gql_server.domain.batches import ItemStatus


async def end_with_image(connection: AsyncConnection, item: Facts) -> None:
    """End an item in the transaction of its image, whoever made that."""
    batch = await end_item(connection, item, ItemStatus.SUCCEEDED, cost=item["price"])
    if batch is not None:
        await _settle(connection, batch, item["price"])


async def end_with_error(
    connection: AsyncConnection, item: Facts, error: Mapping[str, Any], *, process_id: str
) -> None:
    """End an item that could not be made, unless another process has it by now."""
    batch = await end_item(connection, item, ItemStatus.FAILED, process_id=process_id, error=error)
    if batch is not None:
        await _settle(connection, batch, item["price"])


async def end_as_canceled(connection: AsyncConnection, item: Facts, *, process_id: str) -> None:
    """End an item that was begun by a process that died, in a batch that is canceled by now."""
    batch = await end_item(connection, item, ItemStatus.CANCELED, process_id=process_id)
    if batch is not None:
        await _settle(connection, batch, item["price"])


async def cancel_queued(connection: AsyncConnection, batch_id: str) -> Facts | None:
    """End every item that has not started; return the batch, or None where there was none."""
    items, price = await cancel_queued_items(connection, batch_id)
    if not items:
        return None
    batch = await count_ends(
        connection,
        batch_id,
        left=ItemStatus.QUEUED,
        reached=ItemStatus.CANCELED,
        items=items,
        not_spent=price,
    )
    await number_canceled_items(connection, batch_id, first=batch["sequence"] - items + 1)
    await _settle(connection, batch, price)
    return batch


async def _settle(connection: AsyncConnection, batch: Facts, amount: int) -> None:
    if batch["finished_at"] is None:
        await reduce_reservation(connection, batch["id"], amount=amount)
    else:
        await remove_reservations(connection, [batch["id"]])
