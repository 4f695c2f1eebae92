"""Each error of the use cases in the form of the OpenAI API."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from math import ceil
from typing import Any, Final

import structlog
from pydantic import ValidationError

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain import errors as domain
from gql_server.domain.allowances import RateLimited
from gql_server.domain.clock import now
from gql_server.domain.errors import DomainError, ErrorCode, Forbidden, Path, Rejected
from gql_server.openai.errors.parameters import parameter_problem
from gql_server.openai.errors.problem import (
    SHOULD_RETRY,
    ErrorType,
    InvalidParameter,
    Problem,
    refused_problem,
)
from gql_server.transient import (
    BUSY_RETRY_SECONDS,
    DATABASE_RETRY_SECONDS,
    PROVIDER_RETRY_SECONDS,
    ServerBusy,
)
from gql_server.web.allowances import allowance_headers
from gql_server.web.bodies import RequestRefused

log = structlog.get_logger(__name__)

_NO_RETRY: Final = {SHOULD_RETRY: "false"}
_RETRY: Final = {SHOULD_RETRY: "true", "Retry-After": str(PROVIDER_RETRY_SECONDS)}
_MAX_MESSAGES: Final = 5


def problem_of(error: Exception, *, shows_server_totals: bool = False) -> Problem:
    """Translate an error; mask and log an unexpected one.

    Args:
        error: The error.
        shows_server_totals: Whether the caller may see how much all users together spend.
    """
    if isinstance(error, Rejected):
        return _rejected(error.errors, shows_server_totals=shows_server_totals)
    if isinstance(error, domain.BudgetExceeded) and shows_server_totals:
        return replace(_budget_exceeded(error), message=error.detailed_message)
    for kind, translate in _TRANSLATIONS:
        if isinstance(error, kind):
            return translate(error)
    return _masked(error)


def _rejected(errors: Sequence[DomainError], *, shows_server_totals: bool) -> Problem:
    """Return the first error, with the messages of the others."""
    problems = [problem_of(one, shows_server_totals=shows_server_totals) for one in errors]
    messages = [problem.message for problem in problems[:_MAX_MESSAGES]]
    if len(problems) > _MAX_MESSAGES:
        messages.append(f"There are {len(problems) - _MAX_MESSAGES} more errors.")
    return replace(problems[0], message=" ".join(messages))


def _invalid(error: DomainError) -> Problem:
    return Problem(
        status=HTTPStatus.BAD_REQUEST,
        message=error.message,
        code=_CODES.get(error.code, "invalid_value"),
        param=param_of(error.path),
    )


def param_of(path: Path) -> str | None:
    """Return the parameter of this API for the path of a field."""
    if not path:
        return None
    first, *rest = path
    if first == "parameters" and rest:
        first, *rest = rest
    name = _PARAMS.get(str(first), str(first))
    return name + "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in rest)


def _not_found(error: domain.NotFound) -> Problem:
    is_model = isinstance(error, domain.ModelNotFound)
    hint = "" if not is_model else " GET /v1/models lists the models."
    return Problem(
        status=HTTPStatus.NOT_FOUND,
        message=error.message + hint,
        code=error.code.lower(),
        param=param_of(error.path),
    )


def _budget_exceeded(error: domain.BudgetExceeded) -> Problem:
    return Problem(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        message=error.message,
        type=ErrorType.INSUFFICIENT_QUOTA,
        code="insufficient_quota",
        headers=_NO_RETRY,
    )


def _blocked(error: DomainError) -> Problem:
    return Problem(
        status=HTTPStatus.BAD_REQUEST,
        message=error.message,
        type=ErrorType.BLOCKED,
        code="moderation_blocked",
        param=param_of(error.path),
    )


def _failed(error: domain.GenerationFailed) -> Problem:
    if not error.reached_model:
        return Problem(
            status=HTTPStatus.TOO_MANY_REQUESTS,
            message=error.message,
            type=ErrorType.RATE_LIMIT,
            code="rate_limit_exceeded",
            headers=_RETRY,
        )
    return Problem(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        message=error.message,
        type=ErrorType.SERVER,
        code="image_generation_failed",
        headers=_RETRY if error.retryable else _NO_RETRY,
    )


def _pending(error: domain.GenerationPending) -> Problem:
    message = (
        f"The image {error.image_id} is still being generated and will be stored and charged. With "
        "an Idempotency-Key, send the same request again in a moment; without one, sending it again"
        " generates another image."
    )
    return Problem(
        status=HTTPStatus.GATEWAY_TIMEOUT,
        message=message,
        type=ErrorType.SERVER,
        code="generation_pending",
        headers=_NO_RETRY | {"Location": f"/api/images/{error.image_id}"},
    )


def _in_progress(error: domain.IdempotencyInProgress) -> Problem:
    return Problem(
        status=HTTPStatus.CONFLICT,
        message=f"{error.message} Send it again in a moment.",
        code="idempotency_in_progress",
        param=param_of(error.path),
        headers=_RETRY,
    )


def _conflict(error: domain.IdempotencyConflict) -> Problem:
    return Problem(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        message=error.message,
        code="idempotency_key_reused",
        param=param_of(error.path),
    )


def _allocation_used(error: domain.DailyAllocationUsed) -> Problem:
    seconds = max(1, ceil((error.resets_at - now()).total_seconds()))
    return Problem(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        message=error.message,
        type=ErrorType.SERVER,
        code="daily_allocation_used",
        headers=_NO_RETRY | {"Retry-After": str(seconds)},
    )


def _forbidden(error: Forbidden) -> Problem:
    return Problem(
        status=HTTPStatus.FORBIDDEN, message=error.message, code="insufficient_permissions"
    )


def _unauthenticated(error: domain.Unauthenticated) -> Problem:
    return Problem(
        status=HTTPStatus.UNAUTHORIZED,
        message=error.message,
        code="invalid_api_key",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _rate_limited(error: RateLimited) -> Problem:
    return Problem(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        message=error.message,
        type=ErrorType.RATE_LIMIT,
        code="rate_limit_exceeded",
        headers=allowance_headers(error.state, retry_after=error.retry_after),
    )


def _unavailable(error: DatabaseUnavailable) -> Problem:
    log.warning("database_unavailable", reason=str(error))
    return Problem(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        message="The server is unavailable. Try again in a moment.",
        type=ErrorType.SERVER,
        code="unavailable",
        headers={"Retry-After": str(DATABASE_RETRY_SECONDS)},
    )


def _busy(error: ServerBusy) -> Problem:
    return Problem(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        message=error.message,
        type=ErrorType.SERVER,
        code="unavailable",
        headers={SHOULD_RETRY: "true", "Retry-After": str(BUSY_RETRY_SECONDS)},
    )


def _masked(error: Exception) -> Problem:
    reference = secrets.token_hex(6)
    log.error("unexpected_error", reference=reference, exc_info=error)
    return Problem(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        message="An unexpected error occurred. Report this reference to the server's operator: "
        f"{reference}",
        type=ErrorType.SERVER,
        code="internal_error",
        headers=_NO_RETRY,
    )


_TRANSLATIONS: Final[Sequence[tuple[type[Exception], Callable[[Any], Problem]]]] = (
    (InvalidParameter, lambda error: error.problem),
    (ValidationError, parameter_problem),
    (RequestRefused, refused_problem),
    (domain.BudgetExceeded, _budget_exceeded),
    (domain.PromptRefused, _blocked),
    (domain.ImageFlagged, _blocked),
    (domain.GenerationPending, _pending),
    (domain.GenerationFailed, _failed),
    (domain.DailyAllocationUsed, _allocation_used),
    (domain.IdempotencyInProgress, _in_progress),
    (domain.IdempotencyConflict, _conflict),
    (domain.NotFound, _not_found),
    (DomainError, _invalid),
    (domain.Unauthenticated, _unauthenticated),
    (Forbidden, _forbidden),
    (RateLimited, _rate_limited),
    (DatabaseUnavailable, _unavailable),
    (ServerBusy, _busy),
)
"""The first whose type matches."""

_CODES: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.REQUIRED: "missing_required_parameter",
    ErrorCode.NOT_SUPPORTED: "unsupported_parameter",
    ErrorCode.TOO_LONG: "string_above_max_length",
    ErrorCode.TOO_SHORT: "string_below_min_length",
    ErrorCode.MAX_COST_EXCEEDED: "max_cost_exceeded",
}
"""Errors of other codes have an invalid value."""

_PARAMS: Final[Mapping[str, str]] = {
    "width": "size",
    "height": "size",
    "aspect_ratio": "size",
    "source_image_ids": "image",
    "mask_image_id": "mask",
    "idempotency_key": "Idempotency-Key",
}
"""Fields whose names are others here."""
