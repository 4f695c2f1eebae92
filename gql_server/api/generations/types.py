"""Generations: their shape."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Final

import strawberry

from gql_server.api.batches.types import BatchPauseReason
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.errors import user_errors
from gql_server.api.images.types import Image, image_from
from gql_server.api.nodes import Node
from gql_server.api.user_error_types import UserError
from gql_server.api.webhooks.types import Webhook, webhooks_of
from gql_server.batches import generations as use_cases
from gql_server.batches.item_errors import error_from_json
from gql_server.database.records.batches import BatchRecord, ItemRecord
from gql_server.domain import batches as domain
from gql_server.domain.ids import generation_of_batch
from gql_server.domain.money import to_dollars


@described
@strawberry.enum
class GenerationStatus(Enum):
    """Status of a generation."""

    QUEUED = strawberry.enum_value("queued", description="The generation has not started.")
    RUNNING = strawberry.enum_value("running", description="The image is being generated.")
    PAUSED = strawberry.enum_value(
        "paused", description="The generation is paused: see `pausedReason` and `resumesAt`."
    )
    SUCCEEDED = strawberry.enum_value("succeeded", description="The image was stored and charged.")
    FAILED = strawberry.enum_value(
        "failed", description="No image was generated. Nothing was charged."
    )
    CANCELED = strawberry.enum_value(
        "canceled", description="The generation was canceled before it started."
    )


_CANCELABLE: Final = frozenset({GenerationStatus.QUEUED, GenerationStatus.PAUSED})


@described
@strawberry.type
class Generation(Node):
    """The generation of one image in the background."""

    id: strawberry.ID = strawberry.field(
        description="Globally unique ID of the generation, `gen_…`."
    )
    status: GenerationStatus = strawberry.field(description="Current status.")
    is_cancelable: bool = strawberry.field(
        description="Whether `cancelGeneration` can prevent the image, because generation has not "
        "started."
    )
    cost: float = strawberry.field(
        description="Amount charged, in US dollars. 0 until the image is stored."
    )
    estimated_cost: float = strawberry.field(
        description="Estimated amount, in US dollars; the actual amount once the image is stored."
    )
    paused_reason: BatchPauseReason | None = strawberry.field(
        description="Reason for the pause. Null unless the generation is paused."
    )
    resumes_at: datetime | None = strawberry.field(
        description="When the generation resumes automatically. Null when it is not paused, or "
        "when it does not resume by itself."
    )
    user_id: strawberry.ID = strawberry.field(description="ID of the user who owns the image.")
    created_at: datetime = strawberry.field(description="When the generation was accepted.")
    started_at: datetime | None = strawberry.field(
        description="When the generation started. Null before that."
    )
    finished_at: datetime | None = strawberry.field(
        description="When the generation finished. Null before that."
    )
    batch_id: strawberry.Private[str]

    @strawberry.field(description="The prompt as the user wrote it.")
    async def prompt(self, info: Info) -> str:
        """Load the prompt, together with its siblings'."""
        return (await self._item(info)).prompt

    @strawberry.field(
        description="The generated image. Null when the status is not SUCCEEDED, or "
        "when the image has been purged."
    )
    async def image(self, info: Info) -> Image | None:
        """Load the image, together with its siblings'."""
        if self.status is not GenerationStatus.SUCCEEDED:
            return None
        image = await info.context.loaders.images.load((await self._item(info)).image_id)
        return await image_from(info.context, image) if image is not None else None

    @strawberry.field(description="Why the generation failed. Null unless the status is FAILED.")
    async def error(self, info: Info) -> UserError | None:
        """Load the error, together with its siblings'."""
        if self.status is not GenerationStatus.FAILED:
            return None
        error = (await self._item(info)).error
        return user_errors(error_from_json(error), under=())[0] if error is not None else None

    @strawberry.field(
        description="Webhook sent when the generation finished, with its deliveries. Null before "
        "that, or when no `webhookUrl` was given."
    )
    async def webhook(self, info: Info) -> Webhook | None:
        """Find the webhook of its end."""
        return next(iter(await webhooks_of(info, self.id)), None)

    async def _item(self, info: Info) -> ItemRecord:
        item = await info.context.loaders.generation_items.load(self.batch_id)
        assert item is not None  # noqa: S101 - written with its batch, and never deleted
        return item


def generation_from(batch: BatchRecord) -> Generation:
    """Shape a generation."""
    status, reason = _status(batch), batch.paused_reason
    return Generation(
        id=strawberry.ID(generation_of_batch(batch.id)),
        status=status,
        is_cancelable=status in _CANCELABLE,
        cost=to_dollars(batch.cost),
        estimated_cost=to_dollars(batch.estimated_cost),
        paused_reason=BatchPauseReason(domain.PauseReason(reason)) if reason is not None else None,
        resumes_at=batch.resumes_at,
        user_id=strawberry.ID(batch.user_id),
        created_at=batch.created_at,
        started_at=batch.started_at,
        finished_at=batch.finished_at,
        batch_id=batch.id,
    )


async def find_generations(info: Info, ids: Sequence[str]) -> dict[str, Generation]:
    """Find the caller's generations by ID; one that is not there is left out."""
    context = info.context
    found = await use_cases.get_generations(context.services, context.principal, ids)
    return {found_id: generation_from(batch) for found_id, batch in found.items()}


def _status(batch: BatchRecord) -> GenerationStatus:
    if batch.running:
        return GenerationStatus.RUNNING
    if batch.status == domain.BatchStatus.PAUSED:
        return GenerationStatus.PAUSED
    counts = {
        GenerationStatus.SUCCEEDED: batch.succeeded,
        GenerationStatus.FAILED: batch.failed,
        GenerationStatus.CANCELED: batch.canceled,
    }
    return next((status for status, count in counts.items() if count), GenerationStatus.QUEUED)
