"""Batches: many images requested together."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, closing, suppress
from typing import Any, Final

from gql_server.batches.create import create_batch
from gql_server.batches.item_errors import error_from_json
from gql_server.batches.progress import watch_batch
from gql_server.batches.queries import estimated_finish, get_batches, list_items
from gql_server.batches.requests import BatchImage, BatchRequest
from gql_server.batches.validation import checking_cost
from gql_server.database.engine.pages import PageRequest
from gql_server.database.records.batches import BatchRecord
from gql_server.domain.batches import BatchPriority, BatchStatus, ItemStatus, PauseReason
from gql_server.domain.errors import BatchNotFound
from gql_server.domain.money import to_dollars
from gql_server.mcp.context import Context
from gql_server.mcp.schemas.batches import (
    Batch,
    BatchStatusArguments,
    CreateBatchArguments,
    FailedItem,
)
from gql_server.mcp.schemas.settings import ImageSettings, request_from
from gql_server.mcp.tool import Outcome
from gql_server.processes.bulk_work import bulk_work

_MAX_FAILURES: Final = 5


async def create(context: Context, given: CreateBatchArguments) -> Outcome:
    """Accept a batch, and return at once."""
    await context.spend(checking_cost(len(given.prompts), given.images_per_prompt))
    request = await batch_request(
        given,
        given.prompts,
        images_per_prompt=given.images_per_prompt,
        max_cost=given.max_cost,
        priority=BatchPriority(given.priority),
        name=given.name,
        source_image_ids=tuple(given.source_image_ids or ()),
        mask_image_id=given.mask_image_id,
    )
    created = await create_batch(
        context.services, context.principal, request, idempotency_key=given.idempotency_key
    )
    warnings = context.warnings(created.exceeded)
    return Outcome(await _shown(context, created.batch, warnings))


async def status(context: Context, given: BatchStatusArguments) -> Outcome:
    """Return one of the caller's batches; wait for its end if requested."""
    batch = (await get_batches(context.services, context.principal, [given.batch_id])).get(
        given.batch_id
    )
    if batch is None:
        raise BatchNotFound(given.batch_id, path=("batch_id",))
    if given.wait_seconds and batch.finished_at is None:
        batch = await _awaited(context, batch, given.wait_seconds)
    return Outcome(await _shown(context, batch, ()))


async def batch_request(
    given: ImageSettings,
    prompts: Sequence[str],
    *,
    images_per_prompt: int,
    max_cost: float | None,
    priority: BatchPriority = BatchPriority.NORMAL,
    name: str | None = None,
    **sources: Any,
) -> BatchRequest:
    """Return the request of a batch.

    Args:
        given: The settings of all images.
        prompts: The prompts.
        images_per_prompt: Number of images for each.
        max_cost: The maximum cost of all, in US dollars.
        priority: Order among the caller's batches.
        name: Name of the batch.
        sources: The source images and the mask of all images.
    """
    pictures: list[BatchImage] = []
    async with bulk_work() as pace:
        for index, prompt in enumerate(prompts):
            await pace.keep()
            pictures.append(
                BatchImage(
                    request=request_from(given, prompt, max_cost=None, **sources),
                    path=("prompts", index),
                    own=frozenset({"prompt"}),
                )
            )
    return BatchRequest(
        pictures=pictures,
        images_per_prompt=images_per_prompt,
        priority=priority,
        max_cost=max_cost,
        name=name,
        tags=tuple(given.tags) if given.tags is not None else None,
        metadata=given.metadata,
    )


async def _awaited(context: Context, batch: BatchRecord, seconds: float) -> BatchRecord:
    """Report the progress of a batch until it ends or the time is over; return it as it is then."""
    begin = await watch_batch(context.services, context.principal, batch.id, after=batch.sequence)
    with closing(begin()) as watch, suppress(TimeoutError):
        async with asyncio.timeout(seconds), aclosing(watch.updates(watch.after)) as updates:
            async for update in updates:
                batch = update.state
                done = batch.total - batch.queued - batch.running
                await context.report(
                    done, batch.total, f"{done} of {batch.total} images are finished."
                )
    return batch


async def _shown(context: Context, batch: BatchRecord, warnings: Sequence[str]) -> Batch:
    concurrency = context.services.batch_concurrency
    return Batch(
        id=batch.id,
        name=batch.name,
        status=BatchStatus(batch.status),
        is_finished=batch.finished_at is not None,
        total=batch.total,
        queued=batch.queued,
        running=batch.running,
        succeeded=batch.succeeded,
        failed=batch.failed,
        canceled=batch.canceled,
        cost=to_dollars(batch.cost),
        estimated_cost=to_dollars(batch.estimated_cost),
        estimated_finish_at=estimated_finish(batch, concurrency=concurrency),
        paused_reason=PauseReason(batch.paused_reason) if batch.paused_reason else None,
        failures=await _failures(context, batch),
        warnings=list(warnings),
    )


async def _failures(context: Context, batch: BatchRecord) -> list[FailedItem]:
    if not batch.failed:
        return []
    page = await list_items(
        context.services, batch.id, PageRequest(size=_MAX_FAILURES), [ItemStatus.FAILED]
    )
    return [
        FailedItem(prompt=item.prompt, code=error.code.value, message=error.message)
        for item in page.rows
        if item.error is not None
        for error in [error_from_json(item.error)]
    ]
