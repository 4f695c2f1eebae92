"""What is done to batches: asked for, canceled, resumed, retried."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from gql_server.api.batches.inputs import GenerateBatchInput, batch_request, batch_work, retry_work
from gql_server.api.batches.types import Batch, batch_from
from gql_server.api.budgets.types import MAX_WARNINGS, PayloadWarning, budget_warning
from gql_server.api.context import Info
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.images.parameters import IDEMPOTENCY_KEY
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.batches import control
from gql_server.batches.create import CreatedBatch, create_batch
from gql_server.database.engine.pages import Facts
from gql_server.graphql.execution.weights import WORK, list_size

_BATCH = "The batch; none when there are errors."
_ERRORS = "Everything that is wrong with the request, at once."
_WARNINGS = "What there is to know though the batch was accepted: a soft budget was passed."


@strawberry.input(description="The batch to cancel.")
class CancelBatchInput:
    """The batch to cancel."""

    id: strawberry.ID = strawberry.field(description="The batch.")


@strawberry.input(description="The batch to resume.")
class ResumeBatchInput:
    """The batch to resume."""

    id: strawberry.ID = strawberry.field(description="The batch.")


@strawberry.input(description="The batch whose failed items are wanted again.")
class RetryBatchInput:
    """The batch whose failed items are wanted again."""

    id: strawberry.ID = strawberry.field(description="The batch.")
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@strawberry.type(description="The batch that was accepted, or what kept it from being accepted.")
class GenerateBatchPayload:
    """The batch that was accepted, or what kept it from being accepted."""

    batch: Batch | None = strawberry.field(description=_BATCH)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description=_WARNINGS, metadata=list_size(MAX_WARNINGS)
    )


@strawberry.type(description="The batch as it is now, or what kept it from being canceled.")
class CancelBatchPayload:
    """The batch as it is now, or what kept it from being canceled."""

    batch: Batch | None = strawberry.field(description=_BATCH)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@strawberry.type(description="The batch as it is now, or what kept it from being resumed.")
class ResumeBatchPayload:
    """The batch as it is now, or what kept it from being resumed."""

    batch: Batch | None = strawberry.field(description=_BATCH)
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@strawberry.type(description="The new batch, or what kept it from being accepted.")
class RetryBatchPayload:
    """The new batch, or what kept it from being accepted."""

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
    """What is done to batches."""

    @strawberry.mutation(
        description="Ask for many pictures. It answers at once; `batchProgress` tells of each that "
        "ends. All are checked before any is accepted, and money for all is held.",
        metadata={WORK: batch_work},
    )
    async def generate_batch(
        self,
        info: Info,
        input: Annotated[
            GenerateBatchInput, strawberry.argument(description="The pictures to make.")
        ],
    ) -> GenerateBatchPayload:
        """Ask for many pictures."""
        context = info.context

        async def work() -> CreatedBatch:
            return await create_batch(
                context.parts,
                context.principal,
                await batch_request(input),
                idempotency_key=input.idempotency_key,
            )

        batch, errors, warnings = await _creation(info, work())
        return GenerateBatchPayload(batch=batch, user_errors=errors, warnings=warnings)

    @strawberry.mutation(
        description="End what has not started, at once. What is being made is finished, kept and "
        "charged."
    )
    async def cancel_batch(
        self,
        info: Info,
        input: Annotated[CancelBatchInput, strawberry.argument(description="The batch to cancel.")],
    ) -> CancelBatchPayload:
        """Cancel a batch."""
        context = info.context
        work = control.cancel_batch(context.parts, context.principal, input.id)
        batch, errors = await _outcome(info, work)
        return CancelBatchPayload(batch=batch, user_errors=errors)

    @strawberry.mutation(
        description="Go on with a paused batch now, without waiting for `resumesAt`."
    )
    async def resume_batch(
        self,
        info: Info,
        input: Annotated[ResumeBatchInput, strawberry.argument(description="The batch to resume.")],
    ) -> ResumeBatchPayload:
        """Resume a batch."""
        context = info.context
        work = control.resume_batch(context.parts, context.principal, input.id)
        batch, errors = await _outcome(info, work)
        return ResumeBatchPayload(batch=batch, user_errors=errors)

    @strawberry.mutation(
        description="Ask for the items that failed again, in a new batch and at the prices of now.",
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
            context.parts, context.principal, input.id, idempotency_key=input.idempotency_key
        )
        batch, errors, warnings = await _creation(info, work)
        return RetryBatchPayload(batch=batch, user_errors=errors, warnings=warnings)


async def _outcome(info: Info, work: Awaitable[Facts]) -> tuple[Batch | None, list[UserError]]:
    try:
        facts = await work
    except REPORTABLE as error:
        return None, user_errors(error)
    return batch_from(info.context, facts), []


async def _creation(
    info: Info, work: Awaitable[CreatedBatch]
) -> tuple[Batch | None, list[UserError], list[PayloadWarning]]:
    try:
        created = await work
    except REPORTABLE as error:
        return None, user_errors(error, sees_all=info.context.is_admin), []
    warnings = [budget_warning(info, state) for state in created.passed]
    return batch_from(info.context, created.facts), [], warnings
