"""Paused batches: until the account's next day, for the store, or for the server's operator."""

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
"""When one item is tried again if it is unknown when images can be generated or stored again."""


def pause_reason(error: DomainError) -> PauseReason | None:
    """Return why an item's error must pause its batch, or None if it concerns the item alone."""
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
    """Pause a batch: no more items are started; running ones are finished.

    In a batch that was canceled meanwhile, queued items are canceled instead.

    Returns:
        The ID of the webhook about the end of the batch, if this was its end.
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
    """Return the changes that end a pause; also for a batch that was not paused.

    The time of the pause does not count as working time.
    """
    change: dict[str, Any] = {"paused_reason": None, "resumes_at": None, "paused_at": None}
    since = batch.working_since or batch.started_at
    if batch.paused_at is None or since is None:
        return change
    paused = max(timedelta(0), now() - batch.paused_at)  # the clock may have stepped back
    return {**change, "working_since": since + paused}


async def lock_or_cancel(
    connection: AsyncConnection, batch_id: str
) -> tuple[BatchRecord | None, str | None]:
    """Lock a batch and return it; if it was canceled, cancel its queued items instead.

    Returns:
        The batch, unless it was canceled, and the ID of the webhook about its end, if it ended.
    """
    batch = await lock_batch(connection, batch_id)
    if batch is not None and batch.status == BatchStatus.CANCELING:
        return None, await cancel_queued(connection, batch_id)
    return batch, None
