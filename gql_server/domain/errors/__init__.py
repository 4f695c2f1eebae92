"""Errors that callers see, each with how to fix it; a module for each topic.

Vendor errors become these where they enter; ``api`` and ``rest`` translate these where they
leave. Messages are safe to show: they never contain a secret or an internal name.
"""

from gql_server.domain.errors.access import (
    Forbidden,
    Unauthenticated,
)
from gql_server.domain.errors.base import (
    MAX_ERRORS,
    MAX_ID_LENGTH,
    DomainError,
    ErrorCode,
    InvalidInput,
    NotFound,
    Path,
    Rejected,
    stored_code,
)
from gql_server.domain.errors.batches import (
    BatchConflict,
    BatchPending,
    QueueFull,
)
from gql_server.domain.errors.budgets import (
    BudgetExceeded,
    BudgetNotFound,
)
from gql_server.domain.errors.generation import (
    DailyAllocationUsed,
    GenerationFailed,
    GenerationPending,
    ImageFlagged,
    MaxCostExceeded,
    PromptRefused,
    SkipReason,
)
from gql_server.domain.errors.idempotency import (
    IdempotencyConflict,
    IdempotencyInProgress,
    ImagePurged,
)
from gql_server.domain.errors.not_found import (
    ApiKeyNotFound,
    BatchNotFound,
    GenerationNotFound,
    ImageNotFound,
    ModelNotFound,
    TemplateNotFound,
    WebhookNotFound,
)

__all__ = [
    "MAX_ERRORS",
    "MAX_ID_LENGTH",
    "ApiKeyNotFound",
    "BatchConflict",
    "BatchNotFound",
    "BatchPending",
    "BudgetExceeded",
    "BudgetNotFound",
    "DailyAllocationUsed",
    "DomainError",
    "ErrorCode",
    "Forbidden",
    "GenerationFailed",
    "GenerationNotFound",
    "GenerationPending",
    "IdempotencyConflict",
    "IdempotencyInProgress",
    "ImageFlagged",
    "ImageNotFound",
    "ImagePurged",
    "InvalidInput",
    "MaxCostExceeded",
    "ModelNotFound",
    "NotFound",
    "Path",
    "PromptRefused",
    "QueueFull",
    "Rejected",
    "SkipReason",
    "TemplateNotFound",
    "Unauthenticated",
    "WebhookNotFound",
    "stored_code",
]
