"""Batches: their shape and their lists."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, cast

import strawberry

from gql_server.api.batches.items import BatchItem, ItemStatusArgument, item_connection, item_from
from gql_server.api.connections import Connection
from gql_server.api.context import Context, Info
from gql_server.api.described import described
from gql_server.api.images.filters import FilterArgument
from gql_server.api.images.types import Image, image_connection
from gql_server.api.nodes import Node
from gql_server.api.pages import ListOrder, PageArguments, Paginated
from gql_server.api.webhooks.types import Webhook, webhooks_of
from gql_server.batches import queries as use_cases
from gql_server.batches.progress import MAX_ITEMS, ended_items
from gql_server.database.records.batches import BatchRecord
from gql_server.domain import batches as domain
from gql_server.domain.money import to_dollars
from gql_server.generation.requests.tags_and_metadata import MAX_TAGS
from gql_server.graphql.execution.weights import list_size


@described
@strawberry.enum
class BatchStatus(Enum):
    """Status of a batch."""

    QUEUED = strawberry.enum_value(
        domain.BatchStatus.QUEUED, description="The first item has not started."
    )
    RUNNING = strawberry.enum_value(
        domain.BatchStatus.RUNNING, description="Images are being generated."
    )
    PAUSED = strawberry.enum_value(
        domain.BatchStatus.PAUSED,
        description="The batch is paused: see `pausedReason` and `resumesAt`.",
    )
    CANCELING = strawberry.enum_value(
        domain.BatchStatus.CANCELING,
        description="The batch was canceled, and running items are being finished.",
    )
    SUCCEEDED = strawberry.enum_value(
        domain.BatchStatus.SUCCEEDED, description="Every image was generated."
    )
    PARTIALLY_FAILED = strawberry.enum_value(
        domain.BatchStatus.PARTIALLY_FAILED,
        description="At least one image was generated and at least one failed.",
    )
    FAILED = strawberry.enum_value(domain.BatchStatus.FAILED, description="Every item failed.")
    CANCELED = strawberry.enum_value(
        domain.BatchStatus.CANCELED, description="The batch was canceled before it finished."
    )


@described
@strawberry.enum
class BatchPriority(Enum):
    """Priority of a batch among its user's batches.

    Users take turns whatever their priorities.
    """

    HIGH = strawberry.enum_value(
        domain.BatchPriority.HIGH, description="Runs before the user's other batches."
    )
    NORMAL = strawberry.enum_value(
        domain.BatchPriority.NORMAL,
        description="Runs after the user's "
        "batches of high priority and before those of low priority. The default.",
    )
    LOW = strawberry.enum_value(
        domain.BatchPriority.LOW, description="Runs after the user's other batches."
    )


@described
@strawberry.enum
class BatchPauseReason(Enum):
    """Reason why a batch is paused."""

    DAILY_ALLOCATION_USED = strawberry.enum_value(
        domain.PauseReason.DAILY_ALLOCATION_USED,
        description="The provider account has no neurons left today.",
    )
    PROVIDER_REFUSED_SERVER = strawberry.enum_value(
        domain.PauseReason.PROVIDER_REFUSED_SERVER,
        description="The provider refuses the server's token or account. The server's "
        "operator must fix it.",
    )
    STORE_UNAVAILABLE = strawberry.enum_value(
        domain.PauseReason.STORE_UNAVAILABLE,
        description="The image store is unavailable or refuses the server.",
    )
    RESTORED = strawberry.enum_value(
        domain.PauseReason.RESTORED,
        description="The server was restored from a backup in which the batch had not finished. "
        "Images that were generated after the backup may have been paid for, so it does not "
        "resume by itself. Resume it with `resumeBatch`, or cancel it.",
    )


@described
@strawberry.type
class Batch(Node):
    """A set of images requested together.

    `queued`, `running`, `succeeded`, `failed` and `canceled` always add up to `total`.
    """

    id: strawberry.ID = strawberry.field(description="Globally unique ID of the batch, `bat_…`.")
    name: str | None = strawberry.field(
        description="Name of the batch, for people. Null when it has none."
    )
    status: BatchStatus = strawberry.field(description="Current status.")
    priority: BatchPriority = strawberry.field(description="Priority among the user's own batches.")
    total: int = strawberry.field(description="Number of images requested.")
    queued: int = strawberry.field(description="Number of items that have not started.")
    running: int = strawberry.field(description="Number of items being generated now.")
    succeeded: int = strawberry.field(
        description="Number of items whose image was generated, stored and charged."
    )
    failed: int = strawberry.field(description="Number of items that failed.")
    canceled: int = strawberry.field(
        description="Number of items canceled before they were generated."
    )
    progress: float = strawberry.field(
        description="Fraction of items that have finished, from 0 to 1."
    )
    sequence: int = strawberry.field(
        description="Sequence number of the batch's latest event, for `batchProgress(after:)`."
    )
    cost: float = strawberry.field(description="Amount charged so far, in US dollars.")
    estimated_cost: float = strawberry.field(
        description="Estimated total cost of the finished batch, in US dollars."
    )
    estimated_finish_at: datetime | None = strawberry.field(
        description="Estimated time at which the batch finishes; the actual time once it has. Null "
        "while it is paused."
    )
    paused_reason: BatchPauseReason | None = strawberry.field(
        description="Reason for the pause. Null unless the batch is paused."
    )
    resumes_at: datetime | None = strawberry.field(
        description="When the batch resumes automatically. Null when it is not paused, or when "
        "only `resumeBatch` can resume it."
    )
    user_id: strawberry.ID = strawberry.field(description="ID of the user who owns the batch.")
    created_at: datetime = strawberry.field(description="When the batch was accepted.")
    started_at: datetime | None = strawberry.field(
        description="When the first item started. Null before that."
    )
    finished_at: datetime | None = strawberry.field(
        description="When the last item finished. Null before that."
    )
    retry_of_id: strawberry.Private[str | None]

    @strawberry.field(
        description="The batch whose failed items this batch retries. Null for other batches."
    )
    async def retry_of(self, info: Info) -> "Batch | None":
        """Find the batch that it retries."""
        if self.retry_of_id is None:
            return None
        return (await find_batches(info, [strawberry.ID(self.retry_of_id)])).get(self.retry_of_id)

    @strawberry.field(
        description="Tags that the batch gives its images. An image may have others.",
        metadata=list_size(MAX_TAGS),
    )
    async def tags(self, info: Info) -> list[str]:
        """Find the tags."""
        labels = await info.context.loaders.batch_labels.load(self.id)
        return list(labels.tags) if labels is not None else []

    @strawberry.field(
        description="Client-defined metadata that the batch gives its images. Null when it gives "
        "none."
    )
    async def metadata(self, info: Info) -> strawberry.scalars.JSON | None:
        """Find the metadata."""
        labels = await info.context.loaders.batch_labels.load(self.id)
        return cast("strawberry.scalars.JSON | None", labels.details if labels else None)

    @strawberry.field(
        description="Webhook sent when the batch finished, with its deliveries. Null before"
        " that, or when no `webhookUrl` was given."
    )
    async def webhook(self, info: Info) -> Webhook | None:
        """Find the webhook of its end."""
        return next(iter(await webhooks_of(info, self.id)), None)

    @strawberry.field(
        description="Items of the batch, in order.",
        extensions=[Paginated(fixed_order=ListOrder.OLDEST_FIRST)],
    )
    async def items(
        self, info: Info, page: PageArguments, status: ItemStatusArgument = None
    ) -> Connection[BatchItem]:
        """List items."""
        return await item_connection(info, self.id, page, status)

    @strawberry.field(
        description="Items that finished after an event, in the order in which they finished; at "
        f"most {MAX_ITEMS}. For clients that poll instead of subscribing: query again with the "
        "`sequence` of the last one.",
        metadata=list_size(MAX_ITEMS),
    )
    async def finished_items(
        self,
        info: Info,
        after: Annotated[
            int,
            strawberry.argument(
                description="Last `sequence` you have received, from 0 to the batch's current "
                "`sequence`. Defaults to 0: the first items that finished."
            ),
        ] = 0,
    ) -> list[BatchItem]:
        """List what ended after an event."""
        ended = await ended_items(info.context.services, self.id, after=after, until=self.sequence)
        return [item_from(item) for item in ended]

    @strawberry.field(
        description="Images of the batch that have been generated. Deleted ones are excluded "
        "unless the filter includes them.",
        extensions=[Paginated()],
    )
    async def images(
        self, info: Info, page: PageArguments, filter: FilterArgument = None
    ) -> Connection[Image]:
        """List images."""
        return await image_connection(info, page, filter, batch_id=self.id)


def batch_from(context: Context, batch: BatchRecord) -> Batch:
    """Shape a batch."""
    reason = batch.paused_reason
    finish = use_cases.estimated_finish(batch, concurrency=context.services.batch_concurrency)
    return Batch(
        id=strawberry.ID(batch.id),
        name=batch.name,
        status=BatchStatus(domain.BatchStatus(batch.status)),
        priority=BatchPriority(domain.BatchPriority(batch.priority)),
        total=batch.total,
        queued=batch.queued,
        running=batch.running,
        succeeded=batch.succeeded,
        failed=batch.failed,
        canceled=batch.canceled,
        progress=1 - (batch.queued + batch.running) / batch.total,
        sequence=batch.sequence,
        cost=to_dollars(batch.cost),
        estimated_cost=to_dollars(batch.estimated_cost),
        estimated_finish_at=finish,
        paused_reason=BatchPauseReason(domain.PauseReason(reason)) if reason is not None else None,
        resumes_at=batch.resumes_at,
        user_id=strawberry.ID(batch.user_id),
        created_at=batch.created_at,
        started_at=batch.started_at,
        finished_at=batch.finished_at,
        retry_of_id=batch.retry_of,
    )


async def find_batches(info: Info, ids: Sequence[strawberry.ID]) -> dict[str, Batch]:
    """Find batches by id; one that is not there is left out."""
    context = info.context
    found = await use_cases.get_batches(context.services, context.principal, ids)
    return {batch_id: batch_from(context, batch) for batch_id, batch in found.items()}
