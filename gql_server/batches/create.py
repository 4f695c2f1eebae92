"""Accepting a batch and enqueueing its work, which continues if this process ends."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog

from gql_server.batches.queue_limit import keep_queue_within_limit
from gql_server.batches.requests import BatchRequest
from gql_server.batches.slice_runner import SLICE_SIZE, enqueue_slices
from gql_server.batches.validation import ValidatedBatch, is_oversized_batch, validate_batch
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.engine.records import record_of
from gql_server.database.queries.batches import NewItem, find_batches, insert_batch
from gql_server.database.queries.idempotency_keys import KeyScope, complete_key
from gql_server.database.queries.reservations import ReservationLost, keep_reservation
from gql_server.database.records.batches import BatchRecord
from gql_server.database.tables.batches import BatchLabelsRow, BatchRow
from gql_server.domain.batches import BatchStatus, ItemStatus
from gql_server.domain.budgets import Payer
from gql_server.domain.clock import now
from gql_server.domain.errors import BatchPending
from gql_server.domain.ids import new_id
from gql_server.domain.principal import Principal
from gql_server.domain.search import folded
from gql_server.generation.recovery import validated_to_json
from gql_server.generation.requests.request import ImageRequest, request_to_json
from gql_server.generation.requests.tags_and_metadata import clean_tags
from gql_server.generation.services import Services
from gql_server.idempotency.operations import Accepted
from gql_server.inference.model import Model
from gql_server.ledger.budgets.budgets import BudgetState
from gql_server.processes.bulk_work import bulk_work
from gql_server.telemetry.trace_context import HEADER
from gql_server.telemetry.tracing import trace_headers

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedBatch:
    """An accepted batch, accepted now or earlier.

    Attributes:
        batch: The batch.
        exceeded: The soft budgets that its cost exceeded, if it was accepted now.
    """

    batch: BatchRecord
    exceeded: Sequence[BudgetState] = ()


async def create_batch(
    services: Services,
    principal: Principal,
    request: BatchRequest,
    *,
    operation: str = "generateBatch",
    given: Callable[[], Mapping[str, Any]] | None = None,
    idempotency_key: str | None = None,
) -> CreatedBatch:
    """Accept a batch and return it at once; its images are generated in the background.

    Args:
        services: The services of the server.
        principal: The caller.
        request: The batch.
        operation: Name of the operation that the idempotency key belongs to.
        given: Returns the caller's input, by which requests with the same key are compared; unless
            given, the request.
        idempotency_key: The idempotency key.

    Raises:
        Rejected: The request is invalid, or exceeds a budget or the user's limit of queued images;
            nothing is generated.
        BatchPending: The deadline passed; the batch will still be created.
        IdempotencyConflict: The key was used with another request.
        IdempotencyInProgress: The deadline passed while an earlier request was running.
    """
    if idempotency_key is None:
        accepted = await validate_batch(services, principal, request)
        creation = _create(services, principal, accepted)
        return await services.running.run(accepted.batch_id, creation, pending=BatchPending)
    return await services.idempotency.run_request(
        KeyScope(user_id=principal.user_id, operation=operation, key=idempotency_key),
        _KeyedBatch(services, principal, request),
        given or partial(_given, request),
        is_oversized=await is_oversized_batch(services, request),
    )


class _KeyedBatch:
    """A batch with an idempotency key."""

    pending = BatchPending
    has_spent: Final = False

    def __init__(self, services: Services, principal: Principal, request: BatchRequest) -> None:
        self._services = services
        self._principal = principal
        self._request = request

    async def accept(self) -> Accepted[ValidatedBatch]:
        accepted = await validate_batch(self._services, self._principal, self._request)
        return Accepted(result_id=accepted.batch_id, request=accepted)

    async def find(self, batch_id: str) -> CreatedBatch | None:
        async with self._services.database.read() as connection:
            found = await find_batches(connection, [batch_id], user_id=self._principal.user_id)
        return CreatedBatch(batch=found[batch_id]) if batch_id in found else None

    async def run(self, accepted: Accepted[ValidatedBatch], scope: KeyScope) -> CreatedBatch:
        return await _create(self._services, self._principal, accepted.request, scope)

    async def resume(
        self, batch_id: str, _recorded: Mapping[str, Any] | None, scope: KeyScope
    ) -> CreatedBatch:
        accepted = replace((await self.accept()).request, batch_id=batch_id)
        return await _create(self._services, self._principal, accepted, scope)


async def _create(
    services: Services,
    principal: Principal,
    accepted: ValidatedBatch,
    scope: KeyScope | None = None,
) -> CreatedBatch:
    batch = _batch(services, principal, accepted)
    items = await _items(batch, accepted)
    labels = _labels(batch, accepted.request)
    payer = Payer(user_id=principal.user_id, key_id=principal.key_id)
    # Reserved by this process until the batch is written, and then by the batch.
    exceeded: Sequence[BudgetState] = ()
    try:
        async with services.reservations.held(batch.id, payer, accepted.cost) as hold:
            exceeded = hold.exceeded
            while not await _write(services, batch, items, labels, scope, is_held=hold.is_written):
                await services.reservations.renew(hold)
    except DatabaseUnavailable:
        # Perhaps only the response to the commit was lost.
        async with services.database.read() as connection:
            if batch.id not in await find_batches(connection, [batch.id], user_id=None):
                raise
    log.info("batch_accepted", batch=batch.id, pictures=batch.total)
    created = record_of(batch, BatchRecord)
    await enqueue_slices(services, created, range(created.slices))
    return CreatedBatch(batch=created, exceeded=exceeded)


async def _write(
    services: Services,
    batch: BatchRow,
    items: Sequence[NewItem],
    labels: BatchLabelsRow | None,
    scope: KeyScope | None,
    *,
    is_held: bool,
) -> bool:
    """Write a batch; return False, with nothing written, if its reservation was lost."""
    try:
        async with services.database.write() as connection:
            if scope is not None:
                await complete_key(connection, scope, result_id=batch.id)
            await insert_batch(connection, batch, items, labels)
            if not await keep_reservation(connection, batch.id) and is_held:
                raise ReservationLost
            await keep_queue_within_limit(services, connection, batch.user_id, batch.total)
    except ReservationLost:
        return False
    return True


def _batch(services: Services, principal: Principal, accepted: ValidatedBatch) -> BatchRow:
    request, total = accepted.request, len(accepted.pictures)
    return BatchRow(
        id=accepted.batch_id,
        user_id=principal.user_id,
        key_id=principal.key_id,
        status=BatchStatus.QUEUED.value,
        priority=request.priority.value,
        slices=-(-total // SLICE_SIZE),
        total=total,
        queued=total,
        estimated_cost=accepted.cost,
        typical_seconds=sum(_typical_seconds(image.model) for image in accepted.pictures),
        is_preview=services.generator.is_preview,
        is_single=request.is_single,
        retry_of=request.retry_of,
        webhook_url=request.webhook_url,
        name=request.name.strip() if request.name is not None else None,
        traceparent=trace_headers().get(HEADER),
        created_at=now(),
    )


def _labels(batch: BatchRow, request: BatchRequest) -> BatchLabelsRow | None:
    if batch.name is None and not request.tags and request.metadata is None:
        return None
    return BatchLabelsRow(
        batch_id=batch.id,
        search_text=folded(batch.name or ""),
        tags=clean_tags(request.tags or ()),
        details=dict(request.metadata) if request.metadata is not None else None,
    )


async def _items(batch: BatchRow, accepted: ValidatedBatch) -> Sequence[NewItem]:
    items: list[NewItem] = []
    async with bulk_work() as pace:
        for position, one in enumerate(accepted.pictures):
            await pace.keep()
            items.append(
                NewItem(
                    id=new_id("itm"),
                    batch_id=batch.id,
                    user_id=batch.user_id,
                    position=position,
                    slice=position // SLICE_SIZE,
                    status=ItemStatus.QUEUED.value,
                    prompt=one.request.prompt,
                    request=request_to_json(one.request),
                    accepted=validated_to_json(one),
                    image_id=one.image_id,
                    price=one.highest_price.cost,
                    attempts=0,
                    created_at=batch.created_at + timedelta(microseconds=position),
                )
            )
    return items


def _typical_seconds(model: Model) -> float:
    return (model.typical_seconds.minimum + model.typical_seconds.maximum) / 2


def _given(request: BatchRequest) -> dict[str, Any]:
    """Return the caller's input without unset fields, so that fields added later change no hash."""
    given = {one.name: getattr(request, one.name) for one in fields(request)}
    for name in ("tags", "metadata"):
        # Servers before them compare the images alone, which have both unless each has its own.
        if any(getattr(image.request, name) == given[name] for image in request.pictures):
            del given[name]
    return {
        **{name: value for name, value in given.items() if value not in (None, False)},
        "pictures": [_given_image(image.request) for image in request.pictures],
    }


def _given_image(request: ImageRequest) -> dict[str, Any]:
    given = request_to_json(request)
    return given | ({"models": request.fallback_model_ids} if request.fallback_model_ids else {})
