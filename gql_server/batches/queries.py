"""Reading batches and their items."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from gql_server.database.engine.pages import Page, PageRequest
from gql_server.database.queries import batch_items, batches
from gql_server.database.queries.batch_labels import find_labels
from gql_server.database.queries.batches import BatchFilter
from gql_server.database.records.batches import BatchLabels, BatchRecord, ItemRecord
from gql_server.domain.batches import BatchStatus, ItemStatus
from gql_server.domain.clock import now
from gql_server.domain.principal import Principal
from gql_server.generation.services import Services


async def get_batches(
    services: Services, principal: Principal, ids: Collection[str]
) -> dict[str, BatchRecord]:
    """Return the caller's batches by ID. IDs without a batch are left out."""
    async with services.database.read() as connection:
        found = await batches.find_batches(connection, ids, user_id=principal.owner_filter())
    return {batch_id: batch for batch_id, batch in found.items() if not batch.is_single}


async def get_labels(services: Services, ids: Collection[str]) -> dict[str, BatchLabels]:
    """Return the labels of batches that the caller sees. Batches without any are left out."""
    async with services.database.read() as connection:
        return await find_labels(connection, ids)


async def list_batches(
    services: Services, principal: Principal, where: BatchFilter, request: PageRequest
) -> Page[BatchRecord]:
    """Return one page of the batches that the caller sees."""
    async with services.database.read() as connection:
        return await batches.batch_page(connection, _seen(where, principal), request)


async def count_batches(services: Services, principal: Principal, where: BatchFilter) -> int:
    """Count the batches of a list."""
    async with services.database.read() as connection:
        return await batches.count_batches(connection, _seen(where, principal))


async def get_items(
    services: Services, principal: Principal, ids: Collection[str]
) -> dict[str, ItemRecord]:
    """Return items of the caller's batches by ID. IDs without an item are left out."""
    async with services.database.read() as connection:
        return await batch_items.find_items(connection, ids, user_id=principal.owner_filter())


async def list_items(
    services: Services,
    batch_id: str,
    request: PageRequest,
    statuses: Collection[ItemStatus] | None = None,
) -> Page[ItemRecord]:
    """Return one page of a batch's items, in their order."""
    async with services.database.read() as connection:
        return await batch_items.item_page(connection, batch_id, request, statuses=statuses)


async def count_items(
    services: Services, batch_id: str, statuses: Collection[ItemStatus] | None = None
) -> int:
    """Count a batch's items."""
    async with services.database.read() as connection:
        return await batch_items.count_items(connection, batch_id, statuses=statuses)


def estimated_finish(batch: BatchRecord, *, concurrency: int) -> datetime | None:
    """Estimate when a batch will finish: by its models' typical times, and soon by its own pace.

    Pauses do not count as working time.

    Args:
        batch: The batch.
        concurrency: The assumed number of images generated at once.
    """
    status = BatchStatus(batch.status)
    if batch.finished_at is not None:
        return batch.finished_at
    if status is BatchStatus.PAUSED:
        return None
    left = batch.queued + batch.running
    ended = batch.total - left
    typical = batch.typical_seconds / batch.total / concurrency
    if batch.started_at is None or ended == 0:
        return now() + timedelta(seconds=left * typical)
    elapsed = max(0.0, (now() - (batch.working_since or batch.started_at)).total_seconds())
    # The observed pace weighs more, the more items have finished.
    seen = elapsed / ended
    weight = min(1.0, ended / (2 * concurrency))
    return now() + timedelta(seconds=left * (weight * seen + (1 - weight) * typical))


def _seen(where: BatchFilter, principal: Principal) -> BatchFilter:
    return replace(where, user_id=principal.owner_filter(where.user_id))
