"""Sweeping batches no process works on: left behind by a crash, or paused until now."""

from datetime import timedelta
from typing import Any, Final

import structlog

from gql_server.batches.completion import cancel_queued
from gql_server.batches.control import resume
from gql_server.batches.slice_runner import enqueue_slices, job_prefix
from gql_server.database.queries.batch_items import has_work_now, slices_to_do
from gql_server.database.queries.batches import find_paused, find_unfinished, lock_batch, set_batch
from gql_server.database.records.batches import BatchRecord
from gql_server.domain.batches import BatchStatus
from gql_server.domain.clock import now
from gql_server.generation.services import Services

log = structlog.get_logger(__name__)

_SETTLED: Final = timedelta(seconds=10)
"""Younger batches are still being accepted."""
_CHUNK: Final = 100


async def sweep_batches(services: Services) -> None:
    """Resume batches whose pause is over, and enqueue batches without a job again."""
    async with services.database.read() as connection:
        due = await find_paused(connection, moment=now(), limit=_CHUNK)
    for batch_id in due:
        if await resume(services, batch_id, probes=True) is not None:
            log.info("batch_resumed", batch=batch_id)
    last = ""
    while True:
        async with services.database.read() as connection:
            batches = await find_unfinished(
                connection, moment=now(), age=_SETTLED, after=last, limit=_CHUNK
            )
        for batch in batches:
            if not await services.jobs.has_unended(job_prefix(batch)) and await _has_work(
                services, batch
            ):
                await _enqueue_again(services, batch)
        if len(batches) < _CHUNK:
            return
        last = batches[-1].id


async def _has_work(services: Services, batch: BatchRecord) -> bool:
    """Return whether a batch has more to do than to wait for images at their providers."""
    if batch.status == BatchStatus.CANCELING:
        return True
    async with services.database.read() as connection:
        return await has_work_now(connection, batch.id, at=now())


async def _enqueue_again(services: Services, batch: BatchRecord) -> None:
    webhook_id = None
    async with services.database.write() as connection:
        present = await lock_batch(connection, batch.id)
        if present is not None and present.status == BatchStatus.CANCELING:
            webhook_id = await cancel_queued(connection, batch.id)
            present = await lock_batch(connection, batch.id)
        if present is None or present.round != batch.round:
            return
        slices = await slices_to_do(connection, batch.id)
        change: dict[str, Any] = {"round": present.round + 1}
        await set_batch(connection, batch.id, change)
    if webhook_id is not None:
        await services.webhooks.deliver_soon(webhook_id)
    if slices:
        log.warning("batch_enqueued_again", batch=batch.id, slices=len(slices))
        await enqueue_slices(services, present._replace(**change), slices)
