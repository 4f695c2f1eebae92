"""The types of userErrors, one for each error of the domain.

A type's fields are attributes of the domain's error, amounts of money in dollars. Its ``hint`` is
added to the message: what GraphQL clients can do next.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

import strawberry
from strawberry.types import get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition

from gql_server.api.described import described
from gql_server.domain.errors import MAX_ERRORS, ErrorCode
from gql_server.graphql.execution.weights import list_size

ERROR_LIST: Final = list_size(MAX_ERRORS + 1)
"""Metadata of a payload's errors: as many as are reported, and one that says there are more."""


strawberry.enum(ErrorCode, name="UserErrorCode", description="Kind of error, for programs.")
_CODES: Final[StrawberryEnumDefinition] = ErrorCode.__strawberry_definition__  # type: ignore[attr-defined]  # set by the line above


@described
@strawberry.interface
class UserError:
    """An error in a request, and how to fix it.

    A request with several errors returns all of them, up to 100.
    """

    hint: ClassVar[str] = ""

    message: str = strawberry.field(
        description="Message for people: what is wrong and how to fix it."
    )
    code: ErrorCode = strawberry.field(description="Kind of error, for programs.")
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

    hint: ClassVar[str] = "Query `models` for the available models."

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
class ImageFlagged(UserError):
    """The model's safety filter accepted the prompt but flagged the generated image.

    Nothing was charged. Use another seed, or omit the seed.
    """

    seed_was_given: bool = strawberry.field(
        description="Whether the request or its template set the seed. If false, the server has "
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

    hint: ClassVar[str] = "Query image {image_id} in a moment."

    image_id: strawberry.ID = strawberry.field(description="ID that the image will have.")


@described
@strawberry.type
class BatchPending(UserError):
    """The request's deadline passed while the batch was being accepted.

    Unless that fails, the batch will run and be charged. Query it by `batchId`.
    """

    hint: ClassVar[str] = "Query batch {batch_id} in a moment."

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


@described
@strawberry.type
class IdempotencyInProgress(UserError):
    """An earlier request with the same idempotency key was still running at the deadline.

    Send it again later, or query the result by `imageId`.
    """

    hint: ClassVar[str] = "Send it again, or query {image_id}, in a moment."

    image_id: strawberry.ID = strawberry.field(
        description="ID that the image, source image or batch will have."
    )


@described
@strawberry.type
class ImagePurged(UserError):
    """The image that an earlier request with the idempotency key generated was purged.

    Nothing was generated or charged by this request. Use a new key for another image.
    """

    image_id: strawberry.ID = strawberry.field(description="ID that the image had.")


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
class QueueFull(UserError):
    """The user has too many images in unfinished batches and generations.

    Nothing was accepted. Try again when enough of them have been generated, or cancel a batch.
    """

    queued: int = strawberry.field(
        description="Number of the user's images that were waiting or being generated."
    )
    max_queued: int = strawberry.field(description="Maximum number of such images of one user.")


@described
@strawberry.type
class GenerationNotFound(UserError):
    """No generation has this ID."""

    generation_id: strawberry.ID = strawberry.field(description="ID that was requested.")


@described
@strawberry.type
class WebhookNotFound(UserError):
    """No webhook has this ID."""

    webhook_id: strawberry.ID = strawberry.field(description="ID that was requested.")


USER_ERROR_TYPES: Final = tuple(UserError.__subclasses__())
"""Every type of the interface, each with the name of the domain's error that it reports."""

_CODES_OF_INPUT: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.REQUIRED: "The field is required.",
    ErrorCode.TOO_SHORT: "The text is too short.",
    ErrorCode.TOO_LONG: "The text or the data is too long.",
    ErrorCode.TOO_MANY: "The list has too many entries.",
    ErrorCode.OUT_OF_RANGE: "The number is out of range.",
    ErrorCode.NOT_A_MULTIPLE: "The number is not a valid multiple.",
    ErrorCode.NOT_SUPPORTED: "The model does not support this field. Remove it.",
    ErrorCode.INVALID: "The value is malformed or conflicts with another field.",
}
"""The codes of ``InvalidInput``; each other code has a type of its own, which describes it."""


def _describe_codes() -> None:
    kinds = {_code_name(kind.__name__): kind for kind in USER_ERROR_TYPES}
    for value in _CODES.values:
        code = ErrorCode[value.name]
        if code in _CODES_OF_INPUT:
            value.description = _CODES_OF_INPUT[code]
        else:
            kind = kinds[code.name]
            value.description = get_object_definition(kind, strict=True).description


def _code_name(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


_describe_codes()
