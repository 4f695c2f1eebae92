"""What a user can do with an accepted batch: cancel, resume, retry."""

from dataclasses import replace

from gql_server.batches.completion import cancel_queued
from gql_server.batches.create import CreatedBatch, create_batch
from gql_server.batches.pause import resume_changes
from gql_server.batches.requests import BatchImage, BatchRequest
from gql_server.batches.slice_runner import enqueue_slices
from gql_server.database.queries.batch_items import failed_requests, slices_to_do
from gql_server.database.queries.batch_labels import find_labels
from gql_server.database.queries.batches import find_batches, lock_batch, set_batch
from gql_server.database.records.batches import BatchRecord
from gql_server.domain.batches import FINISHED, BatchPriority, BatchStatus
from gql_server.domain.errors import BatchConflict, BatchNotFound
from gql_server.domain.principal import Principal
from gql_server.generation.recovery import request_again
from gql_server.generation.services import Services


async def cancel_batch(
    services: Services, principal: Principal, batch_id: str, *, is_single: bool = False
) -> BatchRecord:
    """Cancel the items that have not started; running items are finished, stored and charged.

    Canceling a canceled batch changes nothing.

    Raises:
        BatchNotFound: The caller has no such batch.
        BatchConflict: The batch has finished.
    """
    batch = await _find(services, principal, batch_id, is_single=is_single)
    async with services.database.write() as connection:
        # Items before the batch: the order of locks that starting and completing items use.
        webhook_id = await cancel_queued(connection, batch_id)
        batch = await lock_batch(connection, batch_id) or batch
        status = BatchStatus(batch.status)
        if status in FINISHED and status is not BatchStatus.CANCELED:
            raise BatchConflict(
                "The batch has finished. There is nothing to cancel.",
                batch_id=batch_id,
                status=status,
            )
        if status not in FINISHED:
            change = {"status": BatchStatus.CANCELING.value, **resume_changes(batch)}
            await set_batch(connection, batch_id, change)
            if batch.queued:  # an item was queued again since the others were canceled
                webhook_id = await cancel_queued(connection, batch_id)
                batch = await lock_batch(connection, batch_id) or batch
            else:
                batch = batch._replace(**change)
    if webhook_id is not None:
        await services.webhooks.deliver_soon(webhook_id)
    return batch


async def resume_batch(services: Services, principal: Principal, batch_id: str) -> BatchRecord:
    """Resume a paused batch now, without waiting for its time.

    Raises:
        BatchNotFound: The caller has no such batch.
        BatchConflict: The batch is not paused.
    """
    await _find(services, principal, batch_id)
    batch = await resume(services, batch_id)
    if batch is None:
        status = BatchStatus((await _find(services, principal, batch_id)).status)
        raise BatchConflict(
            f"The batch is not paused; its status is {status.value}.",
            batch_id=batch_id,
            status=status,
        )
    return batch


async def retry_batch(
    services: Services, principal: Principal, batch_id: str, *, idempotency_key: str | None = None
) -> CreatedBatch:
    """Retry the failed items in a new batch, at current prices.

    The new batch belongs to the owner of the batch it retries.

    Raises:
        BatchNotFound: The caller has no such batch.
        BatchConflict: The batch is still running, none of its items failed, or their requests have
            been erased.
        Rejected: The requests are no longer valid, or exceed a budget or the owner's limit of
            queued images.
        IdempotencyConflict, IdempotencyInProgress: As for ``create_batch``.
    """
    batch = await _find(services, principal, batch_id)
    status = BatchStatus(batch.status)
    if status not in FINISHED:
        raise BatchConflict(
            "The batch is still running. Retry failed items once it has finished.",
            batch_id=batch_id,
            status=status,
        )
    async with services.database.read() as connection:
        written = await failed_requests(connection, batch_id)
        labels = (await find_labels(connection, [batch_id])).get(batch_id)
    if not written:
        raise BatchConflict("The batch has no failed items.", batch_id=batch_id, status=status)
    if not all(request for request, _ in written):
        raise BatchConflict(
            "The requests of the failed items have been erased.", batch_id=batch_id, status=status
        )
    pictures = [
        BatchImage(
            request=request_again(request, accepted),
            path=("items", number),
            own=frozenset(),
        )
        for number, (request, accepted) in enumerate(written)
    ]
    request = BatchRequest(
        pictures=pictures,
        priority=BatchPriority(batch.priority),
        webhook_url=batch.webhook_url,
        retry_of=batch_id,
        name=batch.name,
        tags=tuple(labels.tags) if labels is not None else None,
        metadata=labels.details if labels is not None else None,
    )
    owner = replace(principal, user_id=batch.user_id)
    return await create_batch(
        services, owner, request, operation="retryBatch", idempotency_key=idempotency_key
    )


async def resume(services: Services, batch_id: str, *, probes: bool = False) -> BatchRecord | None:
    """Resume a paused batch and return it; return None if it is not paused.

    Args:
        services: The services of the server.
        batch_id: The batch.
        probes: Whether one item is tried first.
    """
    async with services.database.write() as connection:
        batch = await lock_batch(connection, batch_id)
        if batch is None or batch.status != BatchStatus.PAUSED:
            return None
        status = BatchStatus.QUEUED if batch.started_at is None else BatchStatus.RUNNING
        change = {
            "status": status.value,
            "round": batch.round + 1,
            **resume_changes(batch),
        }
        await set_batch(connection, batch_id, change)
        slices = await slices_to_do(connection, batch_id)
    batch = batch._replace(**change)
    await enqueue_slices(services, batch, slices, probes=probes)
    return batch


async def _find(
    services: Services, principal: Principal, batch_id: str, *, is_single: bool = False
) -> BatchRecord:
    async with services.database.read() as connection:
        found = await find_batches(connection, [batch_id], user_id=principal.owner_filter())
    if batch_id not in found or found[batch_id].is_single != is_single:
        raise BatchNotFound(batch_id)
    return found[batch_id]
