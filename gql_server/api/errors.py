"""What clients are told of errors: userErrors in payloads, coded and masked ones at the top."""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Final

import strawberry
import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from gql_server.domain import errors as domain
from gql_server.domain.allowances import RateLimited
from gql_server.domain.budgets import BudgetScope
from gql_server.domain.errors import (
    DomainError,
    ErrorCode,
    Forbidden,
    Path,
    Rejected,
    Unauthenticated,
)
from gql_server.domain.money import to_dollars

log = structlog.get_logger(__name__)

REPORTABLE: Final = (DomainError, Rejected)
"""What a mutation answers with userErrors; everything else is masked."""


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
    GenerationFailed,
    GenerationPending,
    BatchPending,
    DailyAllocationUsed,
    IdempotencyConflict,
    IdempotencyInProgress,
)
"""Every type of the interface, for the schema."""

_TYPES: Final[Mapping[type[DomainError], type[UserError]]] = {
    getattr(domain, kind.__name__): kind for kind in USER_ERROR_TYPES
}
"""Each error of the domain has a type of its own name."""

_OWN_FIELDS: Final[Mapping[type[UserError], tuple[str, ...]]] = {
    ModelNotFound: ("model_id",),
    TemplateNotFound: ("template_id",),
    ImageNotFound: ("image_id",),
    ApiKeyNotFound: ("key_id",),
    GenerationFailed: ("retryable", "provider_code"),
    GenerationPending: ("image_id",),
    BatchPending: ("batch_id",),
    MaxCostExceeded: ("cost", "max_cost"),
    DailyAllocationUsed: ("resets_at",),
    BudgetExceeded: ("limit", "spent", "reserved", "needed", "resets_at"),
    BudgetNotFound: ("budget_id",),
    BatchNotFound: ("batch_id",),
    BatchConflict: ("batch_id",),
    WebhookNotFound: ("webhook_id",),
    IdempotencyInProgress: ("image_id",),
}
_REQUEST_FAULTS: Final = (
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
    MissingQueryError,
)
_MONEY: Final = {"cost", "max_cost", "limit", "spent", "reserved", "needed"}
_ACCESS_CODES: Final[Mapping[type[Exception], str]] = {
    Unauthenticated: "UNAUTHENTICATED",
    Forbidden: "FORBIDDEN",
}
_SUGGESTION: Final = re.compile(r" Did you mean .*\?", re.DOTALL)


def user_errors(
    error: DomainError | Rejected, *, under: Sequence[str] = ("input",), sees_all: bool = False
) -> list[UserError]:
    """Translate what a use case raised into what a payload says.

    Args:
        error: What was raised.
        under: Where in the arguments the use case's input stands.
        sees_all: Whether it is told to who may know what everybody together spends.
    """
    told = [_user_error(fault, under) for fault in _faults(error)]
    for fault, one in zip(_faults(error), told, strict=True):
        if isinstance(fault, domain.BudgetExceeded) and isinstance(one, BudgetExceeded):
            if sees_all:
                one.message = fault.detailed_message
            elif fault.scope is BudgetScope.SERVER:
                one.limit = one.spent = one.reserved = None
    return told


def camel_case(name: str) -> str:
    """Write a field's name as GraphQL clients know it."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def border_error(error: GraphQLError) -> GraphQLError:
    """Give a top-level error its code; what nobody foresaw is masked and logged.

    A masked error says no more than a reference, with which the operator finds it in the log.
    """
    original = error.original_error
    if isinstance(error, GraphQLSyntaxError) or isinstance(original, _REQUEST_FAULTS):
        # Of its own kind, Strawberry would close a whole WebSocket for one faulty operation.
        return _coded(error, error.message, {"code": "BAD_REQUEST"})
    if original is None or isinstance(original, GraphQLError):
        error.extensions = {"code": "BAD_REQUEST", **(error.extensions or {})}
        return error
    if isinstance(original, REPORTABLE):
        faults = _faults(original)
        return _coded(
            error,
            " ".join(fault.message for fault in faults),
            {"code": "BAD_REQUEST", "arguments": [_path(fault.path) for fault in faults]},
        )
    if isinstance(original, RateLimited):
        return _coded(
            error,
            original.message,
            {
                "code": "RATE_LIMITED",
                "limit": original.state.limit,
                "retryAfter": original.retry_after,
            },
        )
    code = _ACCESS_CODES.get(type(original))
    if code is not None:
        return _coded(error, str(original), {"code": code})
    reference = secrets.token_hex(6)
    log.error("unexpected_error", reference=reference, path=error.path, exc_info=original)
    return _coded(
        error,
        f"Something went wrong on the server. Tell its operator this reference: {reference}",
        {"code": "INTERNAL", "reference": reference},
    )


def without_suggestion(error: GraphQLError) -> GraphQLError:
    """Return the error without graphql-core's guess at which name was meant."""
    message = _SUGGESTION.sub("", error.message)
    if message == error.message:
        return error
    return _coded(error, message, dict(error.extensions or {}))


def _faults(error: DomainError | Rejected) -> Sequence[DomainError]:
    return error.errors if isinstance(error, Rejected) else (error,)


def _user_error(fault: DomainError, under: Sequence[str]) -> UserError:
    kind = _TYPES[type(fault)]
    own = {name: getattr(fault, name) for name in _OWN_FIELDS.get(kind, ())}
    own |= {name: to_dollars(own[name]) for name in own.keys() & _MONEY}
    return kind(
        message=fault.message,
        code=UserErrorCode(fault.code),
        path=[*under, *_path(fault.path)],
        **own,
    )


def _path(path: Path) -> list[str]:
    return [camel_case(str(part)) for part in path]


def _coded(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
