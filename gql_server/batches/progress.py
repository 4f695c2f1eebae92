"""Watching a batch: its state, and each finished item once."""

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from gql_server.batches.queries import get_batches
from gql_server.database.queries.batch_items import items_since
from gql_server.database.queries.batches import batch_topic, find_batches
from gql_server.database.queries.images import find_images
from gql_server.database.records.batches import BatchRecord, ItemRecord
from gql_server.database.records.images import PartialImage
from gql_server.domain.batches import ItemStatus
from gql_server.domain.errors import BatchNotFound, ErrorCode, InvalidInput
from gql_server.domain.principal import Principal
from gql_server.generation.services import Services
from gql_server.progress.snapshots import Snapshot, Update
from gql_server.progress.watch import Watch

MAX_ITEMS: Final = 100
"""Maximum number of items in an update."""


class FinishedItem(NamedTuple):
    """A finished item, and its image as it was then; None if there is none."""

    item: ItemRecord
    image: PartialImage | None


BatchUpdate = Update[int, BatchRecord, FinishedItem]
"""The number of the last event, the batch, and the items that finished."""


async def watch_batch(
    services: Services, principal: Principal, batch_id: str, *, after: int = 0
) -> Callable[[], Watch[int, BatchRecord, FinishedItem]]:
    """Return a function that starts watching a batch.

    Updates report the batch's progress until every item of a finished batch was reported. Events
    are numbered from 1 in the order in which items finished, under the batch's row lock: no event
    appears before one that was already read. Each item comes with its image as it was then: what a
    thousand watchers receive is read once.

    Args:
        services: The services of the server.
        principal: The caller.
        batch_id: The batch.
        after: The number of the last known event; 0 reports every item.

    Raises:
        BatchNotFound: The caller has no such batch.
        InvalidInput: There is no event with this number yet.
    """
    found = await get_batches(services, principal, [batch_id])
    if batch_id not in found:
        raise BatchNotFound(batch_id)
    _refuse_unknown_event(after, last=found[batch_id].sequence)

    return partial(watch, services, batch_id, after=after)


def watch(
    services: Services, batch_id: str, *, after: int
) -> Watch[int, BatchRecord, FinishedItem]:
    """Start watching a batch that exists, after an event of it."""

    async def read(position: int) -> Snapshot[int, BatchRecord, FinishedItem]:
        async with services.database.read() as connection:
            # The batch before its items, so that it is never older than the items reported with it.
            batch = (await find_batches(connection, [batch_id], user_id=None))[batch_id]
            items = await items_since(
                connection, batch_id, after=position, until=batch.sequence, limit=MAX_ITEMS
            )
            images = await find_images(
                connection,
                [item.image_id for item in items if item.status == ItemStatus.SUCCEEDED],
                user_id=None,
            )
        finished = [
            (item.sequence, FinishedItem(item, images.get(item.image_id)))
            for item in items
            if item.sequence is not None
        ]
        end = finished[-1][0] if finished else position
        return Snapshot(
            end,
            batch,
            finished,
            has_more=end < batch.sequence,
            is_finished=batch.finished_at is not None,
        )

    return services.progress.open(batch_topic(batch_id), read, after=after, limit=MAX_ITEMS)


async def ended_items(
    services: Services, batch_id: str, *, after: int, until: int
) -> list[ItemRecord]:
    """Return items that finished after an event, in the order of events; at most ``MAX_ITEMS``.

    Args:
        services: The services of the server.
        batch_id: The batch, which the caller may see.
        after: The number of the last known event; 0 returns the first items.
        until: The number of the batch's last event, as the caller sees it.

    Raises:
        InvalidInput: There is no event with this number yet.
    """
    _refuse_unknown_event(after, last=until)
    async with services.database.read() as connection:
        return await items_since(connection, batch_id, after=after, until=until, limit=MAX_ITEMS)


def _refuse_unknown_event(after: int, *, last: int) -> None:
    if not 0 <= after <= last:
        raise InvalidInput(
            f"after must be from 0 to {last}, the batch's last sequence number; it is {after}.",
            path=("after",),
            code=ErrorCode.OUT_OF_RANGE,
        )
