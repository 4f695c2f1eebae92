"""Batches to watch."""

from collections.abc import AsyncIterable, Sequence
from datetime import timedelta
from typing import Annotated, Final

import strawberry

from gql_server.api.batches.items import BatchItem, item_from
from gql_server.api.batches.types import Batch, batch_from
from gql_server.api.context import Context, Info
from gql_server.api.described import described
from gql_server.batches.progress import MAX_ITEMS, BatchUpdate, watch_batch
from gql_server.domain.clock import now
from gql_server.graphql.broadcasts.events import SharedEvents
from gql_server.graphql.execution.weights import list_size

_PRESENT: Final = timedelta(minutes=1)
"""For so long an image counts as what it was when its item ended; later it is read again."""


@described
@strawberry.type
class BatchProgress:
    """An update on the progress of a batch."""

    sequence: int = strawberry.field(
        description="Sequence number of the last event in this update. To continue from "
        "here, subscribe again with it as `after`."
    )
    batch: Batch = strawberry.field(description="Current state of the batch.")
    finished_items: list[BatchItem] = strawberry.field(
        description="Items that finished since the last update, in the order they finished. "
        f"At most {MAX_ITEMS}.",
        metadata=list_size(MAX_ITEMS),
    )


@strawberry.type
class BatchSubscriptions:
    """What of batches can be watched."""

    @strawberry.subscription(
        description="Reports the progress of a batch: each finished item exactly once, and "
        "the current state, at most 10 times a second. Completes after the last"
        " update of a finished batch. After a lost connection, even days later,"
        " subscribe again with `after` set to the last `sequence` you received:"
        " nothing is missed or repeated."
    )
    async def batch_progress(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="ID of the batch, `bat_…`.")],
        after: Annotated[
            int,
            strawberry.argument(
                description="Last `sequence` you have received, from 0 to the batch's current "
                "`sequence`. Defaults to 0: every finished item is reported."
            ),
        ] = 0,
    ) -> AsyncIterable[BatchProgress]:
        """Watch a batch."""
        context = info.context
        watch = await watch_batch(context.services, context.principal, id, after=after)
        return SharedEvents(watch, _shaped, context, position_argument="after")


async def _shaped(context: Context, update: BatchUpdate) -> Sequence[tuple[int, BatchProgress]]:
    recent = now() - _PRESENT
    for item, image in update.items:
        if image is not None and item.finished_at is not None and item.finished_at > recent:
            context.loaders.images.prime(item.image_id, image)
    event = BatchProgress(
        sequence=update.position,
        batch=batch_from(context, update.state),
        finished_items=[item_from(finished.item) for finished in update.items],
    )
    return [(update.position, event)]
