"""Statements about work that had not finished when a backup was made."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.tables.batches import BatchItemRow, BatchRow
from gql_server.database.tables.idempotency_keys import IdempotencyKeyRow
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.domain.batches import FINISHED, BatchStatus, ItemStatus


class OpenKey(NamedTuple):
    """An idempotency key whose request has not finished."""

    user_id: str
    operation: str
    key: str
    result_id: str
    is_remote: bool
    """Whether its image waits at its provider."""


async def put_all_items_back(connection: AsyncConnection) -> int:
    """Queue again every item of an unfinished batch, as one that was started before.

    Returns:
        The number of items.
    """
    unfinished = select(col(BatchRow.id)).where(col(BatchRow.status).not_in(FINISHED))
    changed = await connection.execute(
        update(BatchItemRow)
        .where(
            col(BatchItemRow.batch_id).in_(unfinished),
            col(BatchItemRow.status).in_((ItemStatus.QUEUED, ItemStatus.RUNNING)),
        )
        .values(
            status=ItemStatus.QUEUED.value,
            process_id=None,
            attempts=col(BatchItemRow.attempts) + 1,
        )
    )
    await connection.execute(
        update(BatchRow)
        .where(col(BatchRow.status).not_in(FINISHED))
        .values(queued=col(BatchRow.queued) + col(BatchRow.running), running=0)
    )
    return changed.rowcount


async def pause_all_batches(connection: AsyncConnection, *, reason: str, moment: datetime) -> int:
    """Pause every unfinished batch that is not canceled, until it is resumed.

    Returns:
        The number of batches.
    """
    changed = await connection.execute(
        update(BatchRow)
        .where(col(BatchRow.status).not_in((*FINISHED, BatchStatus.CANCELING)))
        .values(
            status=BatchStatus.PAUSED.value,
            paused_reason=reason,
            resumes_at=None,
            paused_at=func.coalesce(col(BatchRow.paused_at), moment),
        )
    )
    return changed.rowcount


async def open_keys(
    connection: AsyncConnection, *, after: OpenKey | None, limit: int
) -> Sequence[OpenKey]:
    """Return keys whose requests have not finished, in their order."""
    whole_key = (
        col(IdempotencyKeyRow.user_id),
        col(IdempotencyKeyRow.operation),
        col(IdempotencyKeyRow.key),
    )
    is_remote = (
        select(col(RemoteImageRow.image_id))
        .where(col(RemoteImageRow.image_id) == col(IdempotencyKeyRow.result_id))
        .exists()
    )
    statement = (
        select(*whole_key, col(IdempotencyKeyRow.result_id), is_remote)
        .where(col(IdempotencyKeyRow.completed_at).is_(None))
        .order_by(*whole_key)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(*whole_key) > tuple_(*after[:3]))
    return [OpenKey._make(row) for row in await connection.execute(statement)]


async def fail_open_key(
    connection: AsyncConnection, found: OpenKey, *, error: Mapping[str, Any], moment: datetime
) -> None:
    """Record an error as the result of an unfinished request."""
    await connection.execute(
        update(IdempotencyKeyRow)
        .where(
            col(IdempotencyKeyRow.user_id) == found.user_id,
            col(IdempotencyKeyRow.operation) == found.operation,
            col(IdempotencyKeyRow.key) == found.key,
            col(IdempotencyKeyRow.completed_at).is_(None),
        )
        .values(completed_at=moment, accepted=None, error=dict(error))
    )
