"""Errors of a request, as a payload's ``userErrors`` has them."""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from pydantic import Field

from gql_server.client.results.base import Result


class UserError(Result):
    """One error of a request. Amounts are in US dollars.

    Attributes:
        kind: Type of the error, such as ``PromptRefused``.
        message: What is wrong and how to fix it.
        code: Kind of error, for programs.
        path: Path of the invalid field in the arguments, such as ``("input", "width")``.
        retryable: Of GenerationFailed: whether a retry may succeed.
        image_id: The image that is or will be there, or was purged.
        batch_id: The batch that the error is about.
        resets_at: When the budget or the provider's allocation resets.
        cost: Of MaxCostExceeded: what the request would cost.
        max_cost: Of MaxCostExceeded: its maximum.
        limit: Of BudgetExceeded: maximum spending per period.
        spent: Of BudgetExceeded: amount charged in the period.
        reserved: Of BudgetExceeded: amount reserved for images being generated.
        needed: Of BudgetExceeded: what the request needs.
        queued: Of QueueFull: number of the user's images that are waiting or being generated.
        max_queued: Of QueueFull: maximum number of such images.
        seed_was_given: Of ImageFlagged: whether the request or its template named the seed.
    """

    selected: ClassVar[str] = """
        __typename message code path
        ... on GenerationFailed { retryable }
        ... on GenerationPending { imageId }
        ... on IdempotencyInProgress { imageId }
        ... on ImagePurged { imageId }
        ... on ImageNotFound { imageId }
        ... on BatchPending { batchId }
        ... on BatchConflict { batchId }
        ... on BatchNotFound { batchId }
        ... on QueueFull { queued maxQueued }
        ... on MaxCostExceeded { cost maxCost }
        ... on BudgetExceeded { limit spent reserved needed resetsAt }
        ... on DailyAllocationUsed { resetsAt }
        ... on ImageFlagged { seedWasGiven }
    """

    kind: str = Field(alias="__typename")
    message: str
    code: str
    path: tuple[str, ...]
    retryable: bool | None = None
    image_id: str | None = None
    batch_id: str | None = None
    resets_at: datetime | None = None
    cost: Decimal | None = None
    max_cost: Decimal | None = None
    limit: Decimal | None = None
    spent: Decimal | None = None
    reserved: Decimal | None = None
    needed: Decimal | None = None
    queued: int | None = None
    max_queued: int | None = None
    seed_was_given: bool | None = None
