"""Completing items and batches: states, counts, money and webhooks, in one transaction.

Each function returns the ID of the webhook about the end of the batch, if this was its end and it
has a webhook URL. Have it delivered after the commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.batch_item_states import (
    cancel_queued_items,
    end_item,
    end_items_with_images,
    number_canceled_items,
)
from gql_server.database.queries.batch_items import find_items, items_of_singles
from gql_server.database.queries.batches import count_ends
from gql_server.database.queries.reservations import reduce_reservation, remove_reservations
from gql_server.database.records.batches import BatchRecord, ItemRecord, ItemToDo
from gql_server.domain.batches import BatchStatus, ItemStatus
from gql_server.domain.clock import to_iso
from gql_server.domain.ids import generation_of_batch
from gql_server.domain.money import decimal_dollars
from gql_server.domain.webhooks import WebhookKind
from gql_server.webhooks.outbox import record_webhook


class ItemAlreadyEnded(Exception):
    """The item has failed or was canceled: its image must be neither stored nor charged."""


@dataclass(slots=True)
class ItemCompletion:
    """An item that is completed in the transaction of its image.

    Attributes:
        item: The item.
        webhook_id: The webhook about the end of its batch, if the item was among the last.
    """

    item: ItemToDo
    webhook_id: str | None = None


async def complete_with_images(connection: AsyncConnection, ends: Sequence[ItemCompletion]) -> None:
    """Complete items in the transaction of their images, whichever process generated those.

    Raises:
        ItemAlreadyEnded: An item ended without an image before; the transaction must not be
            committed.
        DatabaseUnavailable: An item changed hands just now; the transaction can be retried.
    """
    left = {end.item.id: end for end in ends}
    for batch, items in await end_items_with_images(connection, [end.item for end in ends]):
        webhook_id = await _settle(connection, batch, sum(item.price for item in items))
        for item in items:
            left.pop(item.id).webhook_id = webhook_id
    if left:
        found = await find_items(connection, left, user_id=None)
        statuses = {item.status for item in found.values()}
        if statuses & {ItemStatus.FAILED, ItemStatus.CANCELED}:
            raise ItemAlreadyEnded
        if statuses != {ItemStatus.SUCCEEDED}:
            raise DatabaseUnavailable("an item was started while its image was stored")
        for end in left.values():
            end.webhook_id = None


async def complete_with_error(
    connection: AsyncConnection, item: ItemToDo, error: Mapping[str, Any], *, process_id: str
) -> tuple[bool, str | None]:
    """Complete an item with an error, unless another process has it; return whether it did."""
    batch = await end_item(connection, item, ItemStatus.FAILED, process_id=process_id, error=error)
    return batch is not None, await _settle(connection, batch, item.price)


async def cancel_queued(connection: AsyncConnection, batch_id: str) -> str | None:
    """Cancel every item of a batch that has not started."""
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
    await number_canceled_items(connection, batch_id, first=batch.sequence - items + 1)
    return await _settle(connection, batch, price)


async def _settle(
    connection: AsyncConnection, batch: BatchRecord | None, amount: int
) -> str | None:
    if batch is None:
        return None
    if batch.finished_at is None:
        await reduce_reservation(connection, batch.id, amount=amount)
        return None
    await remove_reservations(connection, [batch.id])
    if batch.webhook_url is None:
        return None
    if batch.is_single:
        (item,) = await items_of_singles(connection, [batch.id], user_id=None)
        kind, subject_id = WebhookKind.GENERATION_FINISHED, generation_of_batch(batch.id)
        payload = _generation_payload(batch, item, batch.finished_at)
    else:
        kind, subject_id = WebhookKind.BATCH_FINISHED, batch.id
        payload = _payload(batch, batch.finished_at)
    return await record_webhook(
        connection,
        url=batch.webhook_url,
        kind=kind,
        payload=payload,
        user_id=batch.user_id,
        subject_id=subject_id,
        traceparent=batch.traceparent,
    )


def _generation_payload(
    batch: BatchRecord, item: ItemRecord, finished_at: datetime
) -> dict[str, Any]:
    error = item.error
    return {
        "generationId": generation_of_batch(batch.id),
        "status": ItemStatus(item.status).name,
        "imageId": item.image_id if batch.succeeded else None,
        "error": {name: error[name] for name in ("code", "message")} if error else None,
        "cost": decimal_dollars(batch.cost),
        "createdAt": to_iso(batch.created_at),
        "finishedAt": to_iso(finished_at),
    }


def _payload(batch: BatchRecord, finished_at: datetime) -> dict[str, Any]:
    return {
        "batchId": batch.id,
        "status": BatchStatus(batch.status).name,
        "total": batch.total,
        "succeeded": batch.succeeded,
        "failed": batch.failed,
        "canceled": batch.canceled,
        "cost": decimal_dollars(batch.cost),
        "createdAt": to_iso(batch.created_at),
        "finishedAt": to_iso(finished_at),
    }
