"""Generating stored images again, many at once."""

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from gql_server.api.batches.inputs import BATCH_NAME
from gql_server.api.batches.mutations import batch_creation
from gql_server.api.batches.types import Batch, BatchPriority
from gql_server.api.budgets.warnings import MAX_WARNINGS, PayloadWarning
from gql_server.api.context import Info
from gql_server.api.described import describe_fields, described
from gql_server.api.descriptions import BATCH_MAX_COST, BATCH_WEBHOOK_URL, IDEMPOTENCY_KEY, PRIORITY
from gql_server.api.enums import domain_member
from gql_server.api.images.remake_changes import RemakeChangesInput, image_changes
from gql_server.api.images.setting_descriptions import CHANGED
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.batches.remake import MAX_REMADE, BatchRemake, remake_images
from gql_server.batches.validation import MAX_IMAGES, checking_cost
from gql_server.domain import batches as domain
from gql_server.graphql.execution.plain_values import length, whole_number
from gql_server.graphql.execution.weights import WORK, list_size


@described
@describe_fields(CHANGED)
@strawberry.input
class RemakeImagesInput(RemakeChangesInput):
    """The images to generate again, and what to change in each of them."""

    ids: list[strawberry.ID] = strawberry.field(
        description=f"IDs of the images, `img_…`; 1 to {MAX_REMADE:,}."
    )
    variations: int | None = strawberry.field(
        default=None,
        description="Number of new images for each of the images, from 1; the batch has at most "
        f"{MAX_IMAGES:,} images in all. Each gets another seed: a random one, or `seed` "
        "incremented by 1 for each further image. When omitted, one image with the seed of the "
        "first one.",
    )
    name: str | None = strawberry.field(default=None, description=BATCH_NAME)
    priority: BatchPriority = strawberry.field(default=BatchPriority.NORMAL, description=PRIORITY)
    max_cost: float | None = strawberry.field(
        default=None,
        description=BATCH_MAX_COST,
    )
    webhook_url: str | None = strawberry.field(
        default=None,
        description=BATCH_WEBHOOK_URL,
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@described
@strawberry.type
class RemakeImagesPayload:
    """The accepted batch, or the errors that prevented it."""

    batch: Batch | None = strawberry.field(description="The batch. Null when there are errors.")
    user_errors: list[UserError] = strawberry.field(
        description="Every error in the request. Empty when the request succeeded.",
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description="Warnings about the accepted batch, such as an exceeded soft budget.",
        metadata=list_size(MAX_WARNINGS),
    )


def remake_work(arguments: Mapping[str, Any]) -> int:
    """Return what checking the images costs beside the objects of the answer."""
    given = arguments.get("input")
    if not isinstance(given, dict):
        return 0
    return checking_cost(length(given.get("ids")), whole_number(given.get("variations")) or 1)


def batch_remake(source: RemakeImagesInput) -> BatchRemake:
    """Read which images to generate again."""
    return BatchRemake(
        image_ids=source.ids,
        changes=image_changes(source),
        variations=source.variations,
        priority=domain_member(domain.BatchPriority, source.priority),
        max_cost=source.max_cost,
        webhook_url=source.webhook_url,
        name=source.name,
    )


@strawberry.type
class RemakeBatchMutations:
    """The mutation that generates stored images again."""

    @strawberry.mutation(
        description="Starts generating images again, as they were or with changes, as a batch, and"
        " returns at once; follow it with `batchProgress`. All images are validated before any is"
        " accepted, and the cost of all is reserved.",
        metadata={WORK: remake_work},
    )
    async def remake_images(
        self,
        info: Info,
        input: Annotated[
            RemakeImagesInput, strawberry.argument(description="The images, and the changes.")
        ],
    ) -> RemakeImagesPayload:
        """Generate images again."""
        context = info.context
        work = remake_images(
            context.services,
            context.principal,
            batch_remake(input),
            idempotency_key=input.idempotency_key,
        )
        batch, errors, warnings = await batch_creation(info, work)
        return RemakeImagesPayload(batch=batch, user_errors=errors, warnings=warnings)
