"""The types of userErrors: what a payload says of each thing that went wrong."""

from datetime import datetime
from enum import Enum
from typing import Final

import strawberry

from gql_server.api.described import described
from gql_server.domain.errors import MAX_ERRORS, ErrorCode
from gql_server.graphql.execution.weights import list_size

ERROR_LIST: Final = list_size(MAX_ERRORS + 1)
"""Metadata of a payload's errors: as many as are reported, and one that says there are more."""


@described
@strawberry.enum
class UserErrorCode(Enum):
    """Kind of error, for programs."""

    REQUIRED = strawberry.enum_value(ErrorCode.REQUIRED, description="The field is required.")
    TOO_SHORT = strawberry.enum_value(ErrorCode.TOO_SHORT, description="The text is too short.")
    TOO_LONG = strawberry.enum_value(
        ErrorCode.TOO_LONG, description="The text or the data is too long."
    )
    TOO_MANY = strawberry.enum_value(
        ErrorCode.TOO_MANY, description="The list has too many entries."
    )
    OUT_OF_RANGE = strawberry.enum_value(
        ErrorCode.OUT_OF_RANGE, description="The number is out of range."
    )
    NOT_A_MULTIPLE = strawberry.enum_value(
        ErrorCode.NOT_A_MULTIPLE, description="The number is not a valid multiple."
    )
    NOT_SUPPORTED = strawberry.enum_value(
        ErrorCode.NOT_SUPPORTED, description="The model does not support this field. Remove it."
    )
    INVALID = strawberry.enum_value(
        ErrorCode.INVALID, description="The value is malformed or conflicts with another field."
    )
    MODEL_NOT_FOUND = strawberry.enum_value(
        ErrorCode.MODEL_NOT_FOUND, description="The model does not exist."
    )
    TEMPLATE_NOT_FOUND = strawberry.enum_value(
        ErrorCode.TEMPLATE_NOT_FOUND, description="The template does not exist."
    )
    IMAGE_NOT_FOUND = strawberry.enum_value(
        ErrorCode.IMAGE_NOT_FOUND, description="The image or source image does not exist."
    )
    API_KEY_NOT_FOUND = strawberry.enum_value(
        ErrorCode.API_KEY_NOT_FOUND, description="The API key does not exist."
    )
    PROMPT_REFUSED = strawberry.enum_value(
        ErrorCode.PROMPT_REFUSED, description="The model's safety filter refused the prompt."
    )
    PICTURE_FLAGGED = strawberry.enum_value(
        ErrorCode.PICTURE_FLAGGED,
        description="The model's safety filter accepted the prompt but flagged the "
        "generated image.",
    )
    GENERATION_FAILED = strawberry.enum_value(
        ErrorCode.GENERATION_FAILED,
        description="The image could not be generated or stored. Nothing was charged.",
    )
    GENERATION_PENDING = strawberry.enum_value(
        ErrorCode.GENERATION_PENDING,
        description="The image is still being generated and will be stored.",
    )
    BATCH_PENDING = strawberry.enum_value(
        ErrorCode.BATCH_PENDING,
        description="The batch is still being accepted and will appear.",
    )
    MAX_COST_EXCEEDED = strawberry.enum_value(
        ErrorCode.MAX_COST_EXCEEDED, description="The request would cost more than its `maxCost`."
    )
    BUDGET_EXCEEDED = strawberry.enum_value(
        ErrorCode.BUDGET_EXCEEDED, description="The request would exceed a hard budget."
    )
    BUDGET_NOT_FOUND = strawberry.enum_value(
        ErrorCode.BUDGET_NOT_FOUND, description="The budget does not exist."
    )
    BATCH_NOT_FOUND = strawberry.enum_value(
        ErrorCode.BATCH_NOT_FOUND, description="The batch does not exist."
    )
    BATCH_CONFLICT = strawberry.enum_value(
        ErrorCode.BATCH_CONFLICT,
        description="The batch's current status does not allow the operation.",
    )
    WEBHOOK_NOT_FOUND = strawberry.enum_value(
        ErrorCode.WEBHOOK_NOT_FOUND, description="The webhook does not exist."
    )
    DAILY_ALLOCATION_USED = strawberry.enum_value(
        ErrorCode.DAILY_ALLOCATION_USED,
        description="The provider account has no neurons left today.",
    )
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        ErrorCode.IDEMPOTENCY_CONFLICT,
        description="The idempotency key was used for a request with different input.",
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        ErrorCode.IDEMPOTENCY_IN_PROGRESS,
        description="An earlier request with this idempotency key is still running.",
    )


@described
@strawberry.interface
class UserError:
    """An error in a request, and how to fix it.

    A request with several errors returns all of them.
    """

    message: str = strawberry.field(
        description="Message for people: what is wrong and how to fix it."
    )
    code: UserErrorCode = strawberry.field(description="Kind of error, for programs.")
    path: list[str] = strawberry.field(
        description="Path of the invalid field in the arguments, such as `[input, width]`. "
        "`[input]` when the error concerns no single field."
    )


@described
@strawberry.type
class InvalidInput(UserError):
    """A field is missing, malformed, out of range or not supported by the model."""


@described
@strawberry.type
class ModelNotFound(UserError):
    """No model has this name."""

    model_id: strawberry.ID = strawberry.field(description="Model name that was requested.")


@described
@strawberry.type
class TemplateNotFound(UserError):
    """No template has this ID, or it has been deleted."""

    template_id: strawberry.ID = strawberry.field(description="ID that was requested.")


@described
@strawberry.type
class ImageNotFound(UserError):
    """No image or source image has this ID."""

    image_id: strawberry.ID = strawberry.field(description="ID that was requested.")


@described
@strawberry.type
class ApiKeyNotFound(UserError):
    """No API key has this ID."""

    key_id: strawberry.ID = strawberry.field(description="ID that was requested.")


@described
@strawberry.type
class PromptRefused(UserError):
    """The model's safety filter refused the prompt or a source image.

    Nothing was charged. Reword the prompt and try again.
    """


@described
@strawberry.type
class PictureFlagged(UserError):
    """The model's safety filter accepted the prompt but flagged the generated image.

    Nothing was charged. Use another seed, or omit the seed.
    """

    seed_was_given: bool = strawberry.field(
        description="Whether the request or its template named the seed. If false, the server "
        "tried other seeds."
    )


@described
@strawberry.type
class GenerationFailed(UserError):
    """The image could not be generated or stored.

    Nothing was charged.
    """

    retryable: bool = strawberry.field(description="Whether the same request may succeed later.")
    provider_code: int | None = strawberry.field(
        description="Cloudflare's error code. Null when there is none."
    )


@described
@strawberry.type
class GenerationPending(UserError):
    """The request's deadline passed while the image was being generated.

    Unless generation fails, the image will be stored and charged. Query it by `imageId`.
    """

    image_id: strawberry.ID = strawberry.field(description="ID that the image will have.")


@described
@strawberry.type
class BatchPending(UserError):
    """The request's deadline passed while the batch was being accepted.

    Unless that fails, the batch will run and be charged. Query it by `batchId`.
    """

    batch_id: strawberry.ID = strawberry.field(description="ID that the batch will have.")


@described
@strawberry.type
class DailyAllocationUsed(UserError):
    """The provider account has used up its free neurons for the day.

    Nothing was charged.
    """

    resets_at: datetime = strawberry.field(description="When the daily allocation resets.")


@described
@strawberry.type
class IdempotencyConflict(UserError):
    """The idempotency key was used for a request with different input.

    Nothing was charged. Use a new key for a new request.
    """


@strawberry.type(
    description="The request's deadline passed while an earlier request with the same "
    "idempotency key was still running. Send it again later, or query the "
    "result by `imageId`."
)
class IdempotencyInProgress(UserError):
    """An earlier request with this idempotency key is still running."""

    image_id: strawberry.ID = strawberry.field(
        description="ID that the image, source image or batch will have."
    )


@described
@strawberry.type
class MaxCostExceeded(UserError):
    """The request would cost more than its `maxCost`.

    Nothing was charged.
    """

    cost: float = strawberry.field(description="Cost of the request, in US dollars.")
    max_cost: float = strawberry.field(description="The request's `maxCost`, in US dollars.")


@described
@strawberry.type
class BudgetExceeded(UserError):
    """The request would exceed a hard budget.

    Nothing was charged.
    """

    limit: float | None = strawberry.field(
        description="Maximum spending per period, in US dollars. Null for the server's "
        "budget unless the caller is an admin."
    )
    spent: float | None = strawberry.field(
        description="Amount charged in the current period, in US dollars. Null for the "
        "server's budget unless the caller is an admin."
    )
    reserved: float | None = strawberry.field(
        description="Amount reserved for images being generated, in US dollars. Null for "
        "the server's budget unless the caller is an admin."
    )
    needed: float = strawberry.field(description="Cost of the request, in US dollars.")
    resets_at: datetime = strawberry.field(description="When the next period starts.")


@described
@strawberry.type
class BudgetNotFound(UserError):
    """No budget has this ID, or it has been removed."""

    budget_id: strawberry.ID = strawberry.field(description="ID that was requested.")


@described
@strawberry.type
class BatchNotFound(UserError):
    """No batch has this ID."""

    batch_id: strawberry.ID = strawberry.field(description="ID that was requested.")


@described
@strawberry.type
class BatchConflict(UserError):
    """The batch's current status does not allow the operation."""

    batch_id: strawberry.ID = strawberry.field(description="ID of the batch.")


@described
@strawberry.type
class WebhookNotFound(UserError):
    """No webhook has this ID."""

    webhook_id: strawberry.ID = strawberry.field(description="ID that was requested.")


USER_ERROR_TYPES: Final = (
    BatchNotFound,
    BatchConflict,
    BudgetExceeded,
    BudgetNotFound,
    WebhookNotFound,
    MaxCostExceeded,
    InvalidInput,
    ModelNotFound,
    TemplateNotFound,
    ImageNotFound,
    ApiKeyNotFound,
    PromptRefused,
    PictureFlagged,
    GenerationFailed,
    GenerationPending,
    BatchPending,
    DailyAllocationUsed,
    IdempotencyConflict,
    IdempotencyInProgress,
)
"""Every type of the interface, for the schema."""
