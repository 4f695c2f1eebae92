"""Mutations of batches: create, cancel, resume, retry."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from gql_server.api.batches.inputs import GenerateBatchInput, batch_request, batch_work, retry_work
from gql_server.api.batches.types import Batch, batch_from
from gql_server.api.budgets.warnings import MAX_WARNINGS, PayloadWarning, budget_warning
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.descriptions import IDEMPOTENCY_KEY
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.batches import control
from gql_server.batches.create import CreatedBatch, create_batch
from gql_server.database.records.batches import BatchRecord
from gql_server.graphql.execution.weights import WORK, list_size

_BATCH = "The batch. Null when there are errors."
_ERRORS = "Every error in the request. Empty when the request succeeded."
_WARNINGS = "Warnings about the accepted batch, such as an exceeded soft budget."


@described
@strawberry.input
class CancelBatchInput:
    """The batch to cancel."""

    id: strawberry.ID = strawberry.field(description="ID of the batch, `bat_…`.")


@described
@strawberry.input
class ResumeBatchInput:
    """The batch to resume."""

    id: strawberry.ID = strawberry.field(description="ID of the batch, `bat_…`.")


@described
@strawberry.input
class RetryBatchInput:
    """The batch whose failed items to retry."""

    id: strawberry.ID = strawberry.field(description="ID of the batch, `bat_…`.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@described
@strawberry.type
class GenerateBatchPayload:
    """The accepted batch, or the errors that prevented it."""

    batch: Batch | None = strawberry.field(description=_BATCH)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description=_WARNINGS, metadata=list_size(MAX_WARNINGS)
    )


@described
@strawberry.type
class CancelBatchPayload:
    """The batch, or the errors that prevented its cancellation."""

    batch: Batch | None = strawberry.field(description=_BATCH)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@described
@strawberry.type
class ResumeBatchPayload:
    """The batch, or the errors that prevented it from resuming."""

    batch: Batch | None = strawberry.field(description=_BATCH)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@described
@strawberry.type
class RetryBatchPayload:
    """The new batch, or the errors that prevented it."""

    batch: Batch | None = strawberry.field(description=_BATCH)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description=_WARNINGS, metadata=list_size(MAX_WARNINGS)
    )


@strawberry.type
class BatchMutations:
    """Mutations of batches."""

    @strawberry.mutation(
        description="Starts generating many images and returns at once; follow it with "
        "`batchProgress`. All images are validated before any is accepted, and "
        "the cost of all is reserved.",
        metadata={WORK: batch_work},
    )
    async def generate_batch(
        self,
        info: Info,
        input: Annotated[
            GenerateBatchInput, strawberry.argument(description="The images to generate.")
        ],
    ) -> GenerateBatchPayload:
        """Accept a batch."""
        context = info.context

        async def work() -> CreatedBatch:
            return await create_batch(
                context.services,
                context.principal,
                await batch_request(input),
                idempotency_key=input.idempotency_key,
            )

        batch, errors, warnings = await batch_creation(info, work())
        return GenerateBatchPayload(batch=batch, user_errors=errors, warnings=warnings)

    @strawberry.mutation(
        description="Cancels the items of a batch that have not started. Running items are "
        "finished, stored and charged."
    )
    async def cancel_batch(
        self,
        info: Info,
        input: Annotated[CancelBatchInput, strawberry.argument(description="The batch to cancel.")],
    ) -> CancelBatchPayload:
        """Cancel a batch."""
        context = info.context
        work = control.cancel_batch(context.services, context.principal, input.id)
        batch, errors = await _outcome(info, work)
        return CancelBatchPayload(batch=batch, user_errors=errors)

    @strawberry.mutation(description="Resumes a paused batch now instead of at `resumesAt`.")
    async def resume_batch(
        self,
        info: Info,
        input: Annotated[ResumeBatchInput, strawberry.argument(description="The batch to resume.")],
    ) -> ResumeBatchPayload:
        """Resume a batch."""
        context = info.context
        work = control.resume_batch(context.services, context.principal, input.id)
        batch, errors = await _outcome(info, work)
        return ResumeBatchPayload(batch=batch, user_errors=errors)

    @strawberry.mutation(
        description="Retries the failed items of a batch in a new batch, at current prices.",
        metadata={WORK: retry_work},
    )
    async def retry_batch(
        self,
        info: Info,
        input: Annotated[RetryBatchInput, strawberry.argument(description="The batch to retry.")],
    ) -> RetryBatchPayload:
        """Retry a batch."""
        context = info.context
        work = control.retry_batch(
            context.services, context.principal, input.id, idempotency_key=input.idempotency_key
        )
        batch, errors, warnings = await batch_creation(info, work)
        return RetryBatchPayload(batch=batch, user_errors=errors, warnings=warnings)


async def _outcome(
    info: Info, work: Awaitable[BatchRecord]
) -> tuple[Batch | None, list[UserError]]:
    try:
        batch = await work
    except REPORTABLE as error:
        return None, user_errors(error)
    return batch_from(info.context, batch), []


async def batch_creation(
    info: Info, work: Awaitable[CreatedBatch]
) -> tuple[Batch | None, list[UserError], list[PayloadWarning]]:
    """Return an accepted batch, or the errors that prevented it."""
    try:
        created = await work
    except REPORTABLE as error:
        return None, user_errors(error, shows_server_totals=info.context.is_admin), []
    warnings = [budget_warning(info, state) for state in created.exceeded]
    return batch_from(info.context, created.batch), [], warnings
