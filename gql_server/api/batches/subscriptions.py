"""Batches to watch."""

from collections.abc import AsyncIterable, Sequence
from datetime import timedelta
from typing import Annotated, Final

import strawberry

from gql_server.api.batches.items import BatchItem, item_from
from gql_server.api.batches.types import Batch, batch_from
from gql_server.api.context import Context, Info
from gql_server.batches.progress import IMAGE, MAX_ITEMS, BatchUpdate, watch_batch
from gql_server.domain.clock import now
from gql_server.graphql.broadcasts.events import SharedEvents
from gql_server.graphql.execution.weights import list_size

_PRESENT: Final = timedelta(minutes=1)
"""For so long an image counts as what it was when its item ended; later it is read again."""


@strawberry.type(description="How a batch goes on.")
class BatchProgress:
    """How a batch goes on."""

    sequence: int = strawberry.field(
        description="The number of the last event that was told; subscribe again with `after` and "
        "this to go on from here."
    )
    batch: Batch = strawberry.field(description="The batch as it is now.")
    finished_items: list[BatchItem] = strawberry.field(
        description="The items that ended since the last update, in the order in which they ended; "
        f"at most {MAX_ITEMS}.",
        metadata=list_size(MAX_ITEMS),
    )


@strawberry.type
class BatchSubscriptions:
    """What of batches can be watched."""

    @strawberry.subscription(
        description="How a batch goes on: each item that ends once, and the newest state, at most "
        "10 times a second. It ends when everything of a finished batch was told. After a lost "
        "connection, also days later, subscribe again with `after`, the last `sequence` that came: "
        "nothing is missed and nothing is told twice."
    )
    async def batch_progress(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The batch, `bat_…`.")],
        after: Annotated[
            int,
            strawberry.argument(
                description="The last `sequence` that is known; 0 tells every item that has ended."
            ),
        ] = 0,
    ) -> AsyncIterable[BatchProgress]:
        """Watch a batch."""
        context = info.context
        watch = await watch_batch(context.parts, context.principal, id, after=after)
        return SharedEvents(watch, _shaped, context, position_argument="after")


async def _shaped(context: Context, update: BatchUpdate) -> Sequence[tuple[int, BatchProgress]]:
    recent = now() - _PRESENT
    for item in update.items:
        if item[IMAGE] is not None and item["finished_at"] > recent:
            context.image.prime(item["image_id"], item[IMAGE])
    event = BatchProgress(
        sequence=update.position,
        batch=batch_from(context, update.state),
        finished_items=[item_from(item) for item in update.items],
    )
    return [(update.position, event)]
