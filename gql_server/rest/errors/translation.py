"""Errors as responses; ``forms`` has those of the domain."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any, Final

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain import errors as domain
from gql_server.domain.allowances import RateLimited
from gql_server.domain.clock import now
from gql_server.domain.errors import DomainError, Forbidden, Rejected, Unauthenticated
from gql_server.rest.bodies.requests import BodyRefused
from gql_server.rest.errors.forms import (
    details_of,
    field_of,
    message_of,
    status_of,
    status_title,
    title_of,
)
from gql_server.rest.errors.problems import Details, ListedError, Pending, Problem
from gql_server.rest.errors.responses import message_response, problem_response, refusal
from gql_server.transient import (
    BUSY_RETRY_SECONDS,
    DATABASE_RETRY_SECONDS,
    PROVIDER_RETRY_SECONDS,
    ServerBusy,
)
from gql_server.web.allowances import allowance_headers
from gql_server.web.bodies import RequestRefused

log = structlog.get_logger(__name__)


def error_response(error: Exception, *, shows_server_totals: bool = False) -> Response:
    """Translate an error of an endpoint into a response; mask and log an unexpected one.

    Args:
        error: The error.
        shows_server_totals: Whether the caller may see how much all users together spend.
    """
    for kind, translate in _TRANSLATIONS:
        if isinstance(error, kind):
            return translate(error)
    if isinstance(error, Rejected):
        return _problems(error.errors, shows_server_totals=shows_server_totals)
    if isinstance(error, DomainError):
        return _problems([error], shows_server_totals=shows_server_totals)
    return _masked(error)


def _problems(errors: Sequence[DomainError], *, shows_server_totals: bool = False) -> Response:
    """Return a response for the first error that lists them all."""
    first = errors[0]
    status = status_of(first)
    details = details_of(first, shows_server_totals=shows_server_totals)
    listed = [
        ListedError(
            field=field_of(error.path),
            message=message_of(error, shows_server_totals=shows_server_totals),
        )
        for error in errors
    ]
    problem = Problem(
        error=title_of(first, status),
        details=Details(**details, errors=listed if len(listed) > 1 else None),
    )
    return problem_response(status, problem, _headers(first, status))


def _headers(error: DomainError, status: HTTPStatus) -> dict[str, str]:
    if isinstance(error, domain.DailyAllocationUsed):
        return {"Retry-After": str(max(1, ceil((error.resets_at - now()).total_seconds())))}
    is_transient = isinstance(error, domain.GenerationFailed) and error.retryable
    if is_transient or status in {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}:
        return {"Retry-After": str(PROVIDER_RETRY_SECONDS)}
    return {}


def _type_error(found: Mapping[str, Any]) -> DomainError:
    """Translate an error of pydantic; an error in the whole body names no field."""
    where, *path = found["loc"]
    kind = str(found["type"])
    message = _JSON_KINDS.get(kind) or str(found["msg"]).removeprefix("Value error, ")
    if where == "body" and not path and kind in {"missing", "model_attributes_type"}:
        return domain.InvalidInput("The body must be a JSON object.", path=("body",))
    if where == "header":
        path = [str(path[0]).replace("-", "_").lower()]
    return domain.InvalidInput(message, path=tuple(path) or ("body",))


def _pending(found: str, location: str, error: DomainError) -> Response:
    pending = Pending(id=found, status="pending", message=message_of(error))
    headers = {"Location": location, "Retry-After": str(PROVIDER_RETRY_SECONDS)}
    return JSONResponse(pending.model_dump(), HTTPStatus.ACCEPTED, headers)


def _pending_image(error: domain.GenerationPending) -> Response:
    return _pending(error.image_id, f"/api/images/{error.image_id}", error)


def _pending_batch(error: domain.BatchPending) -> Response:
    return _pending(error.batch_id, f"/api/batch/{error.batch_id}", error)


def _unauthenticated(error: Unauthenticated) -> Response:
    headers = {"WWW-Authenticate": "Bearer"}
    return message_response(HTTPStatus.UNAUTHORIZED, "Unauthorized", error.message, headers)


def _rate_limited(error: RateLimited) -> Response:
    headers = allowance_headers(error.state, retry_after=error.retry_after)
    status = HTTPStatus.TOO_MANY_REQUESTS
    return message_response(status, status_title(status), error.message, headers)


def _unavailable(error: DatabaseUnavailable) -> Response:
    log.warning("database_unavailable", reason=str(error))
    message = "The server is unavailable. Try again in a moment."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return message_response(
        status, "Service unavailable", message, {"Retry-After": str(DATABASE_RETRY_SECONDS)}
    )


def _busy(error: ServerBusy) -> Response:
    headers = {"Retry-After": str(BUSY_RETRY_SECONDS)}
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return message_response(status, "Service unavailable", error.message, headers)


def _http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    message = _PLAIN_MESSAGES.get(status, str(error.detail))
    return message_response(status, status_title(status), message, error.headers)


def _masked(error: Exception) -> Response:
    reference = secrets.token_hex(6)
    log.error("unexpected_error", reference=reference, exc_info=error)
    details = Details(
        message=(
            "An unexpected error occurred. Report this reference to the server's "
            f"operator: {reference}"
        ),
        reference=reference,
    )
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return problem_response(status, Problem(error=status_title(status), details=details))


_TRANSLATIONS: Final[Sequence[tuple[type[Exception], Callable[[Any], Response]]]] = (
    (domain.GenerationPending, _pending_image),
    (domain.BatchPending, _pending_batch),
    (RequestValidationError, lambda error: _problems([_type_error(one) for one in error.errors()])),
    (Unauthenticated, _unauthenticated),
    (Forbidden, lambda error: message_response(HTTPStatus.FORBIDDEN, "Forbidden", error.message)),
    (RateLimited, _rate_limited),
    (RequestRefused, refusal),
    (BodyRefused, lambda error: refusal(error.refused)),
    (HTTPException, _http_error),
    (DatabaseUnavailable, _unavailable),
    (ServerBusy, _busy),
)
"""The first whose type matches."""

_JSON_KINDS: Final[Mapping[str, str]] = {
    "dict_type": "Input should be an object",
    "list_type": "Input should be an array",
    "model_attributes_type": "Input should be an object",
    "model_type": "Input should be an object",
    "none_required": "Input should be null",
}
"""Messages in place of pydantic's that name Python types."""

_PLAIN_MESSAGES: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.NOT_FOUND: "No endpoint has this address. /api/openapi.json lists all endpoints.",
    HTTPStatus.METHOD_NOT_ALLOWED: "The address does not support this method. See Allow.",
}
