"""Generating stored images again, many at once, as a batch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from gql_server.batches.create import CreatedBatch, create_batch
from gql_server.batches.requests import BatchImage, BatchRequest
from gql_server.batches.validation import estimate_batch, size_errors
from gql_server.domain.batches import BatchPriority
from gql_server.domain.errors import (
    MAX_ERRORS,
    DomainError,
    ErrorCode,
    ImageNotFound,
    InvalidInput,
    Rejected,
)
from gql_server.domain.parameters import Parameters
from gql_server.domain.principal import Principal
from gql_server.generation.remake import (
    NAMES,
    Originals,
    Remake,
    find_originals,
    remake_request,
)
from gql_server.generation.services import Services
from gql_server.ledger.prices.price_book import Price
from gql_server.processes.bulk_work import bulk_work

MAX_REMADE: Final = 1000
"""How many images a batch generates again at most."""

_FIELDS: Final = frozenset(
    {
        "prompt",
        "model",
        "models",
        "template_id",
        "source_image_ids",
        "mask_image_id",
        "tags",
        "metadata",
        "parameters",
        *(one.name for one in fields(Parameters)),
    }
)
"""The fields of an image; an error in one that the caller does not change is the image's."""

_FIELDS_OF_CHANGES: Final = {name: field for field, name in NAMES.items()}
_OPERATION: Final = "remakeImages"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRemake:
    """Images to generate again.

    Attributes:
        image_ids: The images.
        changes: What to change in each, as in ``Remake``.
        variations: How many to generate of each, with seeds that differ from the first image's and
            from one another; None: one, with the same seed.
        priority: Order among the user's batches.
        max_cost: Maximum cost in US dollars of all; a more expensive batch is refused.
        webhook_url: The URL to notify when the batch ends.
        name: Name of the batch for people.
    """

    image_ids: Sequence[str]
    changes: Mapping[str, Any]
    variations: int | None = None
    priority: BatchPriority = BatchPriority.NORMAL
    max_cost: float | None = None
    webhook_url: str | None = None
    name: str | None = None


async def remake_images(
    services: Services,
    principal: Principal,
    remake: BatchRemake,
    *,
    idempotency_key: str | None = None,
) -> CreatedBatch:
    """Accept a batch that generates images again for the caller, who pays for it.

    Raises:
        Rejected: An image does not exist or cannot be generated again, or the batch is not valid;
            nothing is generated.
        BatchPending, IdempotencyConflict, IdempotencyInProgress: As ``create_batch``.
    """
    return await create_batch(
        services,
        principal,
        await _request(services, principal, remake),
        operation=_OPERATION,
        given=lambda: _given(remake),
        idempotency_key=idempotency_key,
    )


async def estimate_remake(services: Services, principal: Principal, remake: BatchRemake) -> Price:
    """Return the price that the batch would be accepted at: exact, or at most.

    Raises:
        Rejected: The batch would not be accepted; contains every error.
    """
    return await estimate_batch(services, principal, await _request(services, principal, remake))


async def _request(services: Services, principal: Principal, remake: BatchRemake) -> BatchRequest:
    errors: list[DomainError] = list(_size_errors(remake))
    if errors:
        raise Rejected(errors)
    originals = await find_originals(services, principal, remake.image_ids)
    images: list[BatchImage] = []
    async with bulk_work() as pace:
        for index, image_id in enumerate(remake.image_ids):
            await pace.keep()
            if len(errors) > MAX_ERRORS:
                break
            try:
                images.append(_image(services, originals, remake, image_id, index))
            except (ImageNotFound, InvalidInput) as error:
                error.path = ("ids", index)
                errors.append(error)
    if errors:
        raise Rejected(errors)
    return BatchRequest(
        pictures=images,
        images_per_prompt=remake.variations or 1,
        priority=remake.priority,
        max_cost=remake.max_cost,
        webhook_url=remake.webhook_url,
        name=remake.name,
        tags=tuple(remake.changes.get("tags") or ()) or None,
        metadata=remake.changes.get("metadata"),
    )


def _image(
    services: Services, originals: Originals, remake: BatchRemake, image_id: str, index: int
) -> BatchImage:
    changes = remake.changes
    if remake.variations is not None and changes.get("seed") is None:
        changes = {**changes, "seed": None}
    request = remake_request(services, originals, Remake(image_id=image_id, changes=changes))
    changed = {_FIELDS_OF_CHANGES.get(name, name) for name in remake.changes}
    return BatchImage(request=request, path=("ids", index), own=_FIELDS - changed)


def _size_errors(remake: BatchRemake) -> Iterator[InvalidInput]:
    count, times = len(remake.image_ids), remake.variations
    if not count:
        yield InvalidInput("Name at least one image.", path=("ids",), code=ErrorCode.TOO_SHORT)
        return
    if count > MAX_REMADE:
        yield InvalidInput(
            f"At most {MAX_REMADE} images can be generated again at once; these are {count}.",
            path=("ids",),
            code=ErrorCode.TOO_MANY,
        )
        return
    for error in size_errors(count, 1 if times is None else times):
        error.path = ("variations",)
        yield error


def _given(remake: BatchRemake) -> dict[str, Any]:
    """Return the caller's input without unset fields, so that fields added later change no hash."""
    given = {
        "ids": list(remake.image_ids),
        "changes": remake.changes,
        "variations": remake.variations,
        "priority": remake.priority.value,
        "max_cost": remake.max_cost,
        "webhook_url": remake.webhook_url,
        "name": remake.name,
    }
    return {name: value for name, value in given.items() if value is not None}
