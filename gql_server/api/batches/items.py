"""The items of batches: one item, one image."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from gql_server.api.budgets.warnings import PayloadWarning
from gql_server.api.connections import Connection, connection
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.enums import domain_member
from gql_server.api.errors import user_errors
from gql_server.api.images.types import Image, image_from
from gql_server.api.images.warnings import size_warnings
from gql_server.api.nodes import Node
from gql_server.api.pages import PageArguments
from gql_server.api.user_error_types import UserError
from gql_server.batches import queries as use_cases
from gql_server.batches.item_errors import error_from_json
from gql_server.database.records.batches import ItemRecord
from gql_server.domain.batches import ItemStatus
from gql_server.graphql.execution.weights import list_size


@described
@strawberry.enum
class BatchItemStatus(Enum):
    """Status of a batch item."""

    QUEUED = strawberry.enum_value(ItemStatus.QUEUED, description="The item has not started.")
    RUNNING = strawberry.enum_value(ItemStatus.RUNNING, description="The image is being generated.")
    SUCCEEDED = strawberry.enum_value(
        ItemStatus.SUCCEEDED, description="The image was stored and charged."
    )
    FAILED = strawberry.enum_value(
        ItemStatus.FAILED, description="Generation failed. Nothing was charged."
    )
    CANCELED = strawberry.enum_value(
        ItemStatus.CANCELED, description="The batch was canceled before the image was generated."
    )


ItemStatusArgument = Annotated[
    list[BatchItemStatus] | None,
    strawberry.argument(description="Only items with one of these statuses."),
]


@described
@strawberry.type
class BatchItem(Node):
    """One image of a batch."""

    id: strawberry.ID = strawberry.field(description="Globally unique ID of the item, `itm_…`.")
    index: int = strawberry.field(description="Position in the batch, from 0.")
    prompt: str = strawberry.field(description="The prompt as the user wrote it.")
    status: BatchItemStatus = strawberry.field(description="Current status.")
    error: UserError | None = strawberry.field(
        description="Why the item failed. Null unless its status is FAILED."
    )
    attempts: int = strawberry.field(
        description="Number of times generation was started. More than 1 when it was "
        "interrupted or postponed."
    )
    sequence: int | None = strawberry.field(
        description="Sequence number of the event that finished the item, for "
        "`batchProgress(after:)`. Null before that."
    )
    started_at: datetime | None = strawberry.field(
        description="When generation was last started. Null before that."
    )
    finished_at: datetime | None = strawberry.field(
        description="When the item finished. Null before that."
    )
    image_id: strawberry.Private[str | None]

    @strawberry.field(
        description="The generated image. Null when the status is not SUCCEEDED, or "
        "when the image has been purged."
    )
    async def image(self, info: Info) -> Image | None:
        """Load the image, together with its siblings'."""
        if self.image_id is None:
            return None
        image = await info.context.loaders.images.load(self.image_id)
        return await image_from(info.context, image) if image is not None else None

    @strawberry.field(
        description="Warnings about the image, such as another size than requested. Empty without "
        "an image.",
        metadata=list_size(1),
    )
    async def warnings(self, info: Info) -> list[PayloadWarning]:
        """Load the image, together with its siblings', and compare."""
        if self.image_id is None:
            return []
        image = await info.context.loaders.images.load(self.image_id)
        return list(size_warnings(image)) if image is not None else []


def item_from(item: ItemRecord) -> BatchItem:
    """Shape an item."""
    status = BatchItemStatus(ItemStatus(item.status))
    error = item.error
    return BatchItem(
        id=strawberry.ID(item.id),
        index=item.position,
        prompt=item.prompt,
        status=status,
        error=user_errors(error_from_json(error), under=())[0] if error is not None else None,
        attempts=item.attempts,
        sequence=item.sequence,
        started_at=item.started_at,
        finished_at=item.finished_at,
        image_id=item.image_id if status is BatchItemStatus.SUCCEEDED else None,
    )


async def find_batch_items(info: Info, ids: Sequence[strawberry.ID]) -> dict[str, BatchItem]:
    """Find items by id; one that is not there is left out."""
    found = await use_cases.get_items(info.context.services, info.context.principal, ids)
    return {item_id: item_from(item) for item_id, item in found.items()}


async def item_connection(
    info: Info,
    batch_id: str,
    page: PageArguments,
    statuses: Sequence[BatchItemStatus] | None,
) -> Connection[BatchItem]:
    """List a batch's items, in their order.

    Raises:
        InvalidInput: The page arguments are invalid.
    """
    services = info.context.services
    request = page.request()
    domain_statuses = (
        {domain_member(ItemStatus, status) for status in statuses} if statuses is not None else None
    )
    found = await use_cases.list_items(services, batch_id, request, domain_statuses)

    async def count() -> int:
        return await use_cases.count_items(services, batch_id, domain_statuses)

    return connection(found, [item_from(row) for row in found.rows], request, count)
