"""Errors in a request's input, and those of its execution: a mutation's ``userErrors``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from gql_server.client.errors.base import GqlServerError
from gql_server.client.results.user_errors import UserError
from gql_server.quoting import quoted


class Rejected(GqlServerError):
    """The server did not carry out the request.

    Attributes:
        errors: Every error of the request, at least one. The first decides the exception's type.
    """

    def __init__(self, errors: Sequence[UserError]) -> None:
        super().__init__("\n".join(error.message for error in errors), code=errors[0].code)
        self.errors = tuple(errors)

    @property
    def field(self) -> str | None:
        """Name of the first invalid field, such as ``width``. None for the request as a whole."""
        return ".".join(self.errors[0].path[1:]) or None


class InvalidInput(Rejected):
    """Fields are missing, malformed, out of range or not supported by the model."""


class NotFound(Rejected):
    """The caller has no object with this ID."""


class PromptRefused(Rejected):
    """The model's safety filter refused the prompt or a source image. Nothing was charged."""


class ImageFlagged(Rejected):
    """The model's safety filter flagged the generated image. Nothing was charged."""


class GenerationFailed(Rejected):
    """The image could not be generated or stored. Nothing was charged."""

    @property
    def is_retryable(self) -> bool:
        """Whether a new request may succeed."""
        return bool(self.errors[0].retryable)


class GenerationPending(Rejected):
    """The image is still being generated. It will be stored and charged unless that fails."""

    @property
    def image_id(self) -> str | None:
        """ID that the image will have."""
        return self.errors[0].image_id


class BatchPending(Rejected):
    """The batch is still being accepted. It will run and be charged unless that fails."""

    @property
    def batch_id(self) -> str | None:
        """ID that the batch will have."""
        return self.errors[0].batch_id


class IdempotencyInProgress(GenerationPending):
    """An earlier request with the same idempotency key is still running."""


class IdempotencyConflict(Rejected):
    """The idempotency key was used for a request with different input. Nothing was charged."""


class ImagePurged(Rejected):
    """The image of an earlier request with the same idempotency key was purged."""


class MaxCostExceeded(Rejected):
    """The request would cost more than its ``max_cost``. Nothing was charged."""

    @property
    def cost(self) -> Decimal | None:
        """What the request would cost, in US dollars."""
        return self.errors[0].cost


class BudgetExceeded(Rejected):
    """The request would exceed a hard budget. Nothing was charged."""

    @property
    def resets_at(self) -> datetime | None:
        """When the budget's next period starts."""
        return self.errors[0].resets_at


class DailyAllocationUsed(Rejected):
    """The provider account has used up its free neurons for the day. Nothing was charged."""

    @property
    def resets_at(self) -> datetime | None:
        """When the account has neurons again."""
        return self.errors[0].resets_at


class BatchConflict(Rejected):
    """The batch's current status does not allow the operation."""


class QueueFull(Rejected):
    """The user has too many images in unfinished batches and generations. Nothing was accepted."""

    @property
    def queued(self) -> int | None:
        """Number of the user's images that were waiting or being generated."""
        return self.errors[0].queued

    @property
    def max_queued(self) -> int | None:
        """Maximum number of such images."""
        return self.errors[0].max_queued


_CODES: Final[Mapping[type[Rejected], str]] = {
    InvalidInput: """
        REQUIRED TOO_SHORT TOO_LONG TOO_MANY OUT_OF_RANGE NOT_A_MULTIPLE NOT_SUPPORTED INVALID
    """,
    NotFound: """
        MODEL_NOT_FOUND TEMPLATE_NOT_FOUND IMAGE_NOT_FOUND API_KEY_NOT_FOUND BUDGET_NOT_FOUND
        BATCH_NOT_FOUND GENERATION_NOT_FOUND WEBHOOK_NOT_FOUND
    """,
    PromptRefused: "PROMPT_REFUSED",
    ImageFlagged: "IMAGE_FLAGGED",
    GenerationFailed: "GENERATION_FAILED",
    GenerationPending: "GENERATION_PENDING",
    BatchPending: "BATCH_PENDING",
    MaxCostExceeded: "MAX_COST_EXCEEDED",
    BudgetExceeded: "BUDGET_EXCEEDED",
    BatchConflict: "BATCH_CONFLICT",
    QueueFull: "QUEUE_FULL",
    DailyAllocationUsed: "DAILY_ALLOCATION_USED",
    IdempotencyConflict: "IDEMPOTENCY_CONFLICT",
    IdempotencyInProgress: "IDEMPOTENCY_IN_PROGRESS",
    ImagePurged: "IMAGE_PURGED",
}
REJECTIONS: Final[Mapping[str, type[Rejected]]] = {
    code: kind for kind, codes in _CODES.items() for code in codes.split()
}
"""The exception of each code. Codes of newer servers are a ``Rejected``."""


def rejection(errors: Sequence[UserError]) -> Rejected:
    """Return the exception for the ``userErrors`` of a payload."""
    return REJECTIONS.get(errors[0].code, Rejected)(errors)


def not_found(noun: str, object_id: str) -> NotFound:
    """Return the error of a query that has no object with this ID.

    Args:
        noun: What it is, such as ``Batch``.
        object_id: The ID.
    """
    error = UserError.model_construct(
        kind=f"{noun}NotFound",
        message=f"There is no {noun.lower()} {quoted(object_id)}.",
        code=f"{noun.upper()}_NOT_FOUND",
        path=("input", "id"),
    )
    return NotFound([error])


def missing_file(message: str) -> NotFound:
    """Return the error of an image whose file is gone."""
    error = UserError.model_construct(
        kind="ImageNotFound", message=message, code="IMAGE_NOT_FOUND", path=("input", "id")
    )
    return NotFound([error])
