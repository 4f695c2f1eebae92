"""Single images that are not waited for: each is a batch of one, under an ID of its own.

A batch of one has everything that such an image needs: it survives its process, its money is
reserved, it can be watched and canceled, and its end is reported to a webhook. It is in no list of
batches, and its image belongs to none.
"""

from collections.abc import Callable, Collection
from functools import partial
from typing import Final

from gql_server.batches import control
from gql_server.batches.create import CreatedBatch, create_batch
from gql_server.batches.progress import FinishedItem, watch
from gql_server.batches.requests import BatchImage, BatchRequest
from gql_server.database.queries.batch_items import items_of_singles
from gql_server.database.queries.batches import find_batches
from gql_server.database.records.batches import BatchRecord, ItemRecord
from gql_server.domain.batches import BatchPriority
from gql_server.domain.errors import (
    BatchConflict,
    BatchNotFound,
    BatchPending,
    GenerationNotFound,
    IdempotencyInProgress,
)
from gql_server.domain.ids import batch_of_generation, generation_of_batch
from gql_server.domain.principal import Principal
from gql_server.generation.requests.request import ImageRequest
from gql_server.generation.services import Services
from gql_server.progress.watch import Watch

_OPERATION: Final = "generateImage"


async def start_generation(
    services: Services,
    principal: Principal,
    request: ImageRequest,
    *,
    webhook_url: str | None = None,
    idempotency_key: str | None = None,
) -> CreatedBatch:
    """Accept an image and return at once; it is generated in the background.

    Raises:
        Rejected: The request is invalid, or exceeds a budget or the user's limit of queued images;
            nothing is generated.
        BatchPending: The deadline passed; the generation will still be accepted.
        IdempotencyConflict: The key was used with another request.
        IdempotencyInProgress: The deadline passed while an earlier request was running.
    """
    single = BatchRequest(
        pictures=[BatchImage(request=request, path=(), own=frozenset())],
        priority=BatchPriority.HIGH,  # its user waits for it alone
        webhook_url=webhook_url,
        is_single=True,
    )
    try:
        return await create_batch(
            services, principal, single, operation=_OPERATION, idempotency_key=idempotency_key
        )
    except BatchPending as error:
        raise BatchPending(generation_of_batch(error.batch_id), noun="generation") from error
    except IdempotencyInProgress as error:
        raise IdempotencyInProgress(generation_of_batch(error.image_id)) from error


async def get_generations(
    services: Services, principal: Principal, ids: Collection[str]
) -> dict[str, BatchRecord]:
    """Return the caller's generations by ID. IDs without one are left out."""
    owner = principal.owner_filter()
    batch_ids = [batch_of_generation(one) for one in ids]
    async with services.database.read() as connection:
        found = await find_batches(connection, batch_ids, user_id=owner)
    return {generation_of_batch(one.id): one for one in found.values() if one.is_single}


async def get_generation_items(
    services: Services, principal: Principal, batch_ids: Collection[str]
) -> dict[str, ItemRecord]:
    """Return the only item of each of the caller's generations, by the ID of its batch."""
    async with services.database.read() as connection:
        found = await items_of_singles(connection, batch_ids, user_id=principal.owner_filter())
    return {item.batch_id: item for item in found}


async def cancel_generation(
    services: Services, principal: Principal, generation_id: str
) -> BatchRecord:
    """Cancel a generation that has not started; a running one is finished, stored and charged.

    Raises:
        GenerationNotFound: The caller has no such generation.
        BatchConflict: It has finished.
    """
    batch = await _find(services, principal, generation_id)
    try:
        return await control.cancel_batch(services, principal, batch.id, is_single=True)
    except BatchNotFound as error:
        raise GenerationNotFound(generation_id) from error
    except BatchConflict as error:
        raise BatchConflict(
            "The generation has finished. There is nothing to cancel.",
            batch_id=generation_id,
            status=error.status,
        ) from error


async def watch_generation(
    services: Services, principal: Principal, generation_id: str
) -> Callable[[], Watch[int, BatchRecord, FinishedItem]]:
    """Return a function that starts watching a generation, until it has ended.

    Raises:
        GenerationNotFound: The caller has no such generation.
    """
    batch = await _find(services, principal, generation_id)
    return partial(watch, services, batch.id, after=0)


async def _find(services: Services, principal: Principal, generation_id: str) -> BatchRecord:
    found = await get_generations(services, principal, [generation_id])
    if generation_id not in found:
        raise GenerationNotFound(generation_id)
    return found[generation_id]
