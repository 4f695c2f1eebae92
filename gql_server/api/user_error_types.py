"""The types of userErrors: what a payload says of each thing that went wrong."""

from datetime import datetime
from enum import Enum
from typing import Final

import strawberry

from gql_server.domain.errors import MAX_FAULTS, ErrorCode
from gql_server.graphql.execution.weights import list_size

ERROR_LIST: Final = list_size(MAX_FAULTS + 1)
"""Metadata of a payload's errors: as many as are reported, and one that says there are more."""


@strawberry.enum(description="What kind of fault it is, for programs.")
class UserErrorCode(Enum):
    """What kind of fault it is, for programs."""

    REQUIRED = strawberry.enum_value(ErrorCode.REQUIRED, description="The field is needed here.")
    TOO_SHORT = strawberry.enum_value(
        ErrorCode.TOO_SHORT, description="The text has too few characters."
    )
    TOO_LONG = strawberry.enum_value(
        ErrorCode.TOO_LONG, description="The text, or the data, are too long."
    )
    TOO_MANY = strawberry.enum_value(
        ErrorCode.TOO_MANY, description="The list has too many entries."
    )
    OUT_OF_RANGE = strawberry.enum_value(
        ErrorCode.OUT_OF_RANGE, description="The number is below the least or above the most."
    )
    NOT_A_MULTIPLE = strawberry.enum_value(
        ErrorCode.NOT_A_MULTIPLE, description="The number is not a multiple of what is taken."
    )
    NOT_SUPPORTED = strawberry.enum_value(
        ErrorCode.NOT_SUPPORTED, description="The model does not take this field; leave it out."
    )
    INVALID = strawberry.enum_value(
        ErrorCode.INVALID, description="The value is malformed, or does not go with the others."
    )
    MODEL_NOT_FOUND = strawberry.enum_value(
        ErrorCode.MODEL_NOT_FOUND, description="There is no such model."
    )
    TEMPLATE_NOT_FOUND = strawberry.enum_value(
        ErrorCode.TEMPLATE_NOT_FOUND, description="There is no such template."
    )
    IMAGE_NOT_FOUND = strawberry.enum_value(
        ErrorCode.IMAGE_NOT_FOUND, description="There is no such image or source image."
    )
    API_KEY_NOT_FOUND = strawberry.enum_value(
        ErrorCode.API_KEY_NOT_FOUND, description="There is no such API key."
    )
    PROMPT_REFUSED = strawberry.enum_value(
        ErrorCode.PROMPT_REFUSED, description="The model's safety filter refused the prompt."
    )
    PICTURE_FLAGGED = strawberry.enum_value(
        ErrorCode.PICTURE_FLAGGED,
        description="The model's safety filter accepted the prompt and rejected the picture.",
    )
    GENERATION_FAILED = strawberry.enum_value(
        ErrorCode.GENERATION_FAILED,
        description="The picture could not be made or kept; nothing was charged.",
    )
    GENERATION_PENDING = strawberry.enum_value(
        ErrorCode.GENERATION_PENDING,
        description="The picture is still being made, and will be kept.",
    )
    BATCH_PENDING = strawberry.enum_value(
        ErrorCode.BATCH_PENDING,
        description="The batch is still being accepted, and will be there.",
    )
    MAX_COST_EXCEEDED = strawberry.enum_value(
        ErrorCode.MAX_COST_EXCEEDED, description="The request would cost more than its `maxCost`."
    )
    BUDGET_EXCEEDED = strawberry.enum_value(
        ErrorCode.BUDGET_EXCEEDED, description="A hard budget does not hold what it would cost."
    )
    BUDGET_NOT_FOUND = strawberry.enum_value(
        ErrorCode.BUDGET_NOT_FOUND, description="There is no such budget."
    )
    BATCH_NOT_FOUND = strawberry.enum_value(
        ErrorCode.BATCH_NOT_FOUND, description="There is no such batch."
    )
    BATCH_CONFLICT = strawberry.enum_value(
        ErrorCode.BATCH_CONFLICT, description="Where the batch stands does not allow it."
    )
    WEBHOOK_NOT_FOUND = strawberry.enum_value(
        ErrorCode.WEBHOOK_NOT_FOUND, description="There is no such webhook."
    )
    DAILY_ALLOCATION_USED = strawberry.enum_value(
        ErrorCode.DAILY_ALLOCATION_USED,
        description="The provider account has no neurons left today.",
    )
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        ErrorCode.IDEMPOTENCY_CONFLICT,
        description="The idempotency key stands for a request with another input.",
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        ErrorCode.IDEMPOTENCY_IN_PROGRESS,
        description="An earlier request with this idempotency key is still being worked on.",
    )


@strawberry.interface(
    description="One thing that is wrong with a request, and what to mend. A request with several "
    "faults gets all of them at once."
)
class UserError:
    """One thing that is wrong with a request, and what to mend."""

    message: str = strawberry.field(description="For people: what is wrong and what to mend.")
    code: UserErrorCode = strawberry.field(description="For programs: what kind of fault it is.")
    path: list[str] = strawberry.field(
        description="Where in the arguments the fault lies, such as `[input, width]`; `[input]` "
        "when it lies in no single field."
    )


@strawberry.type(
    description="A field is missing, malformed, out of range, or not what the model takes."
)
class InvalidInput(UserError):
    """A field of the input is at fault."""


@strawberry.type(description="There is no model of that name.")
class ModelNotFound(UserError):
    """There is no model of that name."""

    model_id: strawberry.ID = strawberry.field(description="The name that was asked for.")


@strawberry.type(description="There is no template of that id, or it has been deleted.")
class TemplateNotFound(UserError):
    """There is no template of that id."""

    template_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@strawberry.type(description="There is no image or source image of that id.")
class ImageNotFound(UserError):
    """There is no image or source image of that id."""

    image_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@strawberry.type(description="There is no API key of that id.")
class ApiKeyNotFound(UserError):
    """There is no API key of that id."""

    key_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@strawberry.type(
    description="The model's safety filter refused the prompt or a source image. Nothing was "
    "charged; word it differently."
)
class PromptRefused(UserError):
    """The model's safety filter refused the prompt or a source image."""


@strawberry.type(
    description="The model's safety filter accepted the prompt and rejected the picture. Nothing "
    "was charged. This depends on the seed: choose another one, or leave it out."
)
class PictureFlagged(UserError):
    """The model's safety filter accepted the prompt and rejected the picture."""

    seed_was_given: bool = strawberry.field(
        description="Whether the request or its template named the seed. If false, the server "
        "tried other seeds."
    )


@strawberry.type(description="The picture could not be made or kept. Nothing was charged.")
class GenerationFailed(UserError):
    """The picture could not be made or kept."""

    retryable: bool = strawberry.field(
        description="Whether the same request may well succeed later."
    )
    provider_code: int | None = strawberry.field(
        description="Cloudflare's own error number, when it gave one."
    )


@strawberry.type(
    description="The request's deadline passed, but the picture is still being made; unless it "
    "fails, it will be kept and charged. Ask for it by its id."
)
class GenerationPending(UserError):
    """The request's deadline passed; the picture goes on."""

    image_id: strawberry.ID = strawberry.field(
        description="The id under which the picture will appear."
    )


@strawberry.type(
    description="The request's deadline passed, but the batch is still being accepted; unless that "
    "fails, it will be made and charged. Ask for it by its id."
)
class BatchPending(UserError):
    """The request's deadline passed; the batch will be there."""

    batch_id: strawberry.ID = strawberry.field(
        description="The id under which the batch will appear."
    )


@strawberry.type(
    description="The provider account has used up the day's free neurons. Nothing was charged."
)
class DailyAllocationUsed(UserError):
    """The provider account has no neurons left today."""

    resets_at: datetime = strawberry.field(description="When there will be neurons again.")


@strawberry.type(
    description="The idempotency key stands for a request with another input. Nothing was charged; "
    "choose a new key for a new request."
)
class IdempotencyConflict(UserError):
    """The idempotency key stands for a request with another input."""


@strawberry.type(
    description="The request's deadline passed while an earlier one with its idempotency key is "
    "still being worked on. Send it again later, or ask for the result by its id."
)
class IdempotencyInProgress(UserError):
    """An earlier request with this idempotency key is still being worked on."""

    image_id: strawberry.ID = strawberry.field(
        description="The id under which the image, source image or batch will appear."
    )


@strawberry.type(
    description="The request would cost more than its own `maxCost`. Nothing was charged."
)
class MaxCostExceeded(UserError):
    """The request would cost more than its own limit."""

    cost: float = strawberry.field(description="What it would cost, in US dollars.")
    max_cost: float = strawberry.field(description="The limit that the request names.")


@strawberry.type(
    description="A hard budget does not hold what the request would cost. Nothing was charged."
)
class BudgetExceeded(UserError):
    """A hard budget does not hold what the request would cost."""

    limit: float | None = strawberry.field(
        description="What may be spent in its period, in US dollars; this and the next two are "
        "told of the server's budget to admins alone."
    )
    spent: float | None = strawberry.field(
        description="What was charged in the period, in US dollars."
    )
    reserved: float | None = strawberry.field(
        description="What is held for pictures in the making, in US dollars."
    )
    needed: float = strawberry.field(description="What the request would cost, in US dollars.")
    resets_at: datetime = strawberry.field(description="When the next period starts.")


@strawberry.type(description="There is no budget of that id, or it has been removed.")
class BudgetNotFound(UserError):
    """There is no budget of that id."""

    budget_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@strawberry.type(description="There is no batch of that id.")
class BatchNotFound(UserError):
    """There is no batch of that id."""

    batch_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@strawberry.type(description="Where the batch stands does not allow it.")
class BatchConflict(UserError):
    """Where the batch stands does not allow it."""

    batch_id: strawberry.ID = strawberry.field(description="The batch.")


@strawberry.type(description="There is no webhook of that id.")
class WebhookNotFound(UserError):
    """There is no webhook of that id."""

    webhook_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


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
