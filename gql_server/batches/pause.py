"""Batches that wait: for the account's next day, for the store, or for the server's operator."""

from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.batches.completion import cancel_queued
from gql_server.database.queries.batches import lock_batch, set_batch
from gql_server.database.records.batches import BatchRecord
from gql_server.domain.batches import STARTABLE, BatchStatus, PauseReason
from gql_server.domain.clock import now
from gql_server.domain.errors import DailyAllocationUsed, DomainError, GenerationFailed

log = structlog.get_logger(__name__)

_LOOK_AGAIN: Final = timedelta(minutes=5)
"""When one item is tried again where nobody knows when pictures can be made or kept again."""


def pause_reason(error: DomainError) -> PauseReason | None:
    """Tell why a batch must wait after what happened to one item; None: that item alone failed."""
    if isinstance(error, DailyAllocationUsed):
        return PauseReason.DAILY_ALLOCATION_USED
    if isinstance(error, GenerationFailed) and error.store_failed:
        return PauseReason.STORE_UNAVAILABLE
    if isinstance(error, GenerationFailed) and error.needs_operator:
        return PauseReason.PROVIDER_REFUSED_SERVER
    return None


async def pause(
    connection: AsyncConnection, batch_id: str, reason: PauseReason, error: DomainError
) -> str | None:
    """Start no more items of a batch until there is hope; what runs is finished.

    In a batch that is canceled by now, what was put back ends.

    Returns:
        The id of the webhook that tells of the batch's end, where that was its end.
    """
    batch, webhook_id = await lock_or_cancel(connection, batch_id)
    if batch is None or batch.status not in STARTABLE:
        return webhook_id
    resumes_at = error.resets_at if isinstance(error, DailyAllocationUsed) else now() + _LOOK_AGAIN
    await set_batch(
        connection,
        batch_id,
        {
            "status": BatchStatus.PAUSED.value,
            "paused_reason": reason.value,
            "resumes_at": resumes_at,
            "paused_at": now(),
        },
    )
    log.warning("batch_paused", batch=batch_id, reason=reason.value, resumes_at=resumes_at)
    return None


def resume_changes(batch: BatchRecord) -> dict[str, Any]:
    """Return what changes in a batch that is not paused any more, or never was.

    The time of its pause is taken out of the time that it has worked.
    """
    change: dict[str, Any] = {"paused_reason": None, "resumes_at": None, "paused_at": None}
    since = batch.working_since or batch.started_at
    if batch.paused_at is None or since is None:
        return change
    paused = max(timedelta(0), now() - batch.paused_at)  # a clock may have stepped back
    return {**change, "working_since": since + paused}


async def lock_or_cancel(
    connection: AsyncConnection, batch_id: str
) -> tuple[BatchRecord | None, str | None]:
    """Return a batch that nobody else changes; one that is canceled by now ends instead.

    Returns:
        The batch, where it goes on; the id of the webhook that tells of its end, where it ended.
    """
    batch = await lock_batch(connection, batch_id)
    if batch is not None and batch.status == BatchStatus.CANCELING:
        return None, await cancel_queued(connection, batch_id)
    return batch, None
