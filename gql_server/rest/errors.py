"""What clients are told of errors: each of the domain's has its status and its words here, once."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any, Final

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from gql_server.database.engine.engine import DatabaseUnavailable
from gql_server.domain import errors as domain
from gql_server.domain.allowances import RateLimited
from gql_server.domain.budgets import BudgetScope
from gql_server.domain.clock import now
from gql_server.domain.errors import (
    BudgetExceeded,
    BudgetNotFound,
    DomainError,
    Forbidden,
    Path,
    Rejected,
    Unauthenticated,
)
from gql_server.domain.money import to_dollars
from gql_server.rest.problems import Details, Fault, Pending, Problem
from gql_server.rest.requests import BodyRefused
from gql_server.transient import DATABASE_RETRY_SECONDS, PROVIDER_RETRY_SECONDS
from gql_server.web.allowances import allowance_headers
from gql_server.web.bodies import RequestRefused

log = structlog.get_logger(__name__)

_UNKNOWN_MODEL: Final = "Model not found or not supported"


def error_response(error: Exception, *, sees_all: bool = False) -> Response:
    """Translate whatever an endpoint raised; what nobody foresaw is masked and logged.

    Args:
        error: What was raised.
        sees_all: Whether it is told to who may know what everybody together spends.
    """
    for kind, translate in _TRANSLATIONS:
        if isinstance(error, kind):
            return translate(error)
    if isinstance(error, Rejected):
        return _errors(error.errors, sees_all=sees_all)
    return _errors([error], sees_all=sees_all) if isinstance(error, DomainError) else _masked(error)


def refusal(refused: RequestRefused) -> Response:
    """Write why a request was not read."""
    title = "Invalid body" if refused.status is HTTPStatus.BAD_REQUEST else _title(refused.status)
    return _response(refused.status, title, refused.message, refused.headers)


def status_of(fault: DomainError) -> HTTPStatus:
    """Return the status that an error of the domain is answered with."""
    if isinstance(fault, domain.TemplateNotFound | domain.ImageNotFound) and fault.path != ("id",):
        return HTTPStatus.BAD_REQUEST  # named in the body, as a model is
    if isinstance(fault, domain.GenerationFailed) and not fault.reached_model:
        return HTTPStatus.TOO_MANY_REQUESTS
    return _STATUSES[type(fault)]


def _errors(faults: Sequence[DomainError], *, sees_all: bool = False) -> Response:
    """Answer as the first fault asks for, and name them all."""
    first = faults[0]
    status = status_of(first)
    details = _details(first, sees_all=sees_all)
    if len(faults) > 1:
        details["faults"] = [
            Fault(field=_field(fault.path), message=_message(fault, sees_all=sees_all))
            for fault in faults
        ]
    problem = Problem(error=_error(first, status), details=Details(**details))
    return _json(status, problem, _headers(first, status))


def _details(fault: DomainError, *, sees_all: bool) -> dict[str, Any]:
    message = _message(fault, sees_all=sees_all)
    match fault:
        case domain.ModelNotFound():
            return {"model": fault.model_id, "message": message}
        case BudgetExceeded():
            is_told = sees_all or fault.scope is not BudgetScope.SERVER
            money = ("limit", "spent", "reserved", "needed") if is_told else ("needed",)
            amounts = {name: to_dollars(getattr(fault, name)) for name in money}
            return {"message": message, **amounts, "resets_at": fault.resets_at}
        case domain.MaxCostExceeded():
            return {
                "field": "max_cost",
                "message": message,
                "cost": to_dollars(fault.cost),
                "max_cost": to_dollars(fault.max_cost),
            }
        case domain.DailyAllocationUsed():
            return {"message": message, "resets_at": fault.resets_at}
    field = _field(fault.path)
    found = {"message": message} if field is None else {"field": field, "message": message}
    if isinstance(fault, domain.IdempotencyInProgress):
        found["id"] = fault.image_id
    return found


def _message(fault: DomainError, *, sees_all: bool) -> str:
    if isinstance(fault, BudgetExceeded) and sees_all:
        return fault.detailed_message
    return _UNKNOWN_MODEL if isinstance(fault, domain.ModelNotFound) else fault.message


def _field(path: Path) -> str | None:
    """Write where a fault lies as REST's clients know it; neither body nor address is a field."""
    if path in {(), ("id",), ("body",)}:
        return None
    first, *rest = path
    return ".".join(str(part) for part in (_FIELDS.get(first, first), *rest))


def _error(fault: DomainError, status: HTTPStatus) -> str:
    title = _ERRORS.get(type(fault))
    if title is not None and status is not HTTPStatus.TOO_MANY_REQUESTS:
        return title
    if status is not HTTPStatus.BAD_REQUEST:
        return _title(status)
    field = str(fault.path[0]) if fault.path else "body"
    return f"Invalid {_SINGULAR.get(field, _FIELDS.get(field, field))}"


def _headers(fault: DomainError, status: HTTPStatus) -> dict[str, str]:
    if isinstance(fault, domain.DailyAllocationUsed):
        return {"Retry-After": str(max(1, ceil((fault.resets_at - now()).total_seconds())))}
    may_pass = isinstance(fault, domain.GenerationFailed) and fault.retryable
    if may_pass or status in {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}:
        return {"Retry-After": str(PROVIDER_RETRY_SECONDS)}
    return {}


def _type_fault(found: Mapping[str, Any]) -> DomainError:
    """Read what a field's type refused; a whole body lies in no field."""
    where, *path = found["loc"]
    kind = str(found["type"])
    message = _JSON_KINDS.get(kind) or str(found["msg"]).removeprefix("Value error, ")
    if where == "body" and not path and kind in {"missing", "model_attributes_type"}:
        return domain.InvalidInput("The body must be a JSON object.", path=("body",))
    if where == "header":
        path = [str(path[0]).replace("-", "_").lower()]
    return domain.InvalidInput(message, path=tuple(path) or ("body",))


def _pending(found: str, location: str, error: DomainError) -> Response:
    pending = Pending(id=found, status="pending", message=error.message)
    headers = {"Location": location, "Retry-After": str(PROVIDER_RETRY_SECONDS)}
    return JSONResponse(pending.model_dump(), HTTPStatus.ACCEPTED, headers)


def _pending_image(error: domain.GenerationPending) -> Response:
    return _pending(error.image_id, f"/api/images/{error.image_id}", error)


def _pending_batch(error: domain.BatchPending) -> Response:
    return _pending(error.batch_id, f"/api/batch/{error.batch_id}", error)


def _unauthenticated(error: Unauthenticated) -> Response:
    headers = {"WWW-Authenticate": "Bearer"}
    return _response(HTTPStatus.UNAUTHORIZED, "Unauthorized", error.message, headers)


def _rate_limited(error: RateLimited) -> Response:
    headers = allowance_headers(error.state, retry_after=error.retry_after)
    status = HTTPStatus.TOO_MANY_REQUESTS
    return _response(status, _title(status), error.message, headers)


def _unavailable(error: DatabaseUnavailable) -> Response:
    log.warning("database_unavailable", reason=str(error))
    message = "The server is unavailable. Try again in a moment."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return _response(
        status, "Service unavailable", message, {"Retry-After": str(DATABASE_RETRY_SECONDS)}
    )


def _http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    message = _PLAIN_MESSAGES.get(status, str(error.detail))
    return _response(status, _title(status), message, error.headers)


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
    return _json(status, Problem(error=_title(status), details=details))


def _response(
    status: HTTPStatus, error: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    return _json(status, Problem(error=error, details=Details(message=message)), headers)


def _json(
    status: HTTPStatus, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    return JSONResponse(problem.model_dump(mode="json", exclude_none=True), status, headers)


def _title(status: HTTPStatus) -> str:
    return _TITLES.get(status) or status.phrase.capitalize()


_TRANSLATIONS: Final[Sequence[tuple[type[Exception], Callable[[Any], Response]]]] = (
    (domain.GenerationPending, _pending_image),
    (domain.BatchPending, _pending_batch),
    (RequestValidationError, lambda error: _errors([_type_fault(one) for one in error.errors()])),
    (Unauthenticated, _unauthenticated),
    (Forbidden, lambda error: _response(HTTPStatus.FORBIDDEN, "Forbidden", error.message)),
    (RateLimited, _rate_limited),
    (RequestRefused, refusal),
    (BodyRefused, lambda error: refusal(error.refused)),
    (HTTPException, _http_error),
    (DatabaseUnavailable, _unavailable),
)
"""The first that fits."""

_JSON_KINDS: Final[Mapping[str, str]] = {
    "dict_type": "Input should be an object",
    "list_type": "Input should be an array",
    "model_attributes_type": "Input should be an object",
    "model_type": "Input should be an object",
    "none_required": "Input should be null",
}
"""Pydantic's kinds of errors that name what Python has, and not JSON."""

_STATUSES: Final[Mapping[type[DomainError], HTTPStatus]] = {
    domain.InvalidInput: HTTPStatus.BAD_REQUEST,
    domain.ModelNotFound: HTTPStatus.BAD_REQUEST,
    domain.PromptRefused: HTTPStatus.BAD_REQUEST,
    domain.PictureFlagged: HTTPStatus.BAD_REQUEST,
    domain.TemplateNotFound: HTTPStatus.NOT_FOUND,
    domain.ImageNotFound: HTTPStatus.NOT_FOUND,
    domain.BatchNotFound: HTTPStatus.NOT_FOUND,
    domain.ApiKeyNotFound: HTTPStatus.NOT_FOUND,
    BudgetNotFound: HTTPStatus.NOT_FOUND,
    domain.WebhookNotFound: HTTPStatus.NOT_FOUND,
    domain.MaxCostExceeded: HTTPStatus.PAYMENT_REQUIRED,
    BudgetExceeded: HTTPStatus.PAYMENT_REQUIRED,
    domain.BatchConflict: HTTPStatus.CONFLICT,
    domain.IdempotencyInProgress: HTTPStatus.CONFLICT,
    domain.IdempotencyConflict: HTTPStatus.UNPROCESSABLE_ENTITY,
    domain.GenerationPending: HTTPStatus.ACCEPTED,
    domain.BatchPending: HTTPStatus.ACCEPTED,
    domain.GenerationFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    domain.DailyAllocationUsed: HTTPStatus.SERVICE_UNAVAILABLE,
}
_ERRORS: Final[Mapping[type[DomainError], str]] = {
    domain.ModelNotFound: "Invalid model",
    domain.TemplateNotFound: "Template not found",
    domain.ImageNotFound: "Image not found",
    domain.BatchNotFound: "Batch not found",
    domain.MaxCostExceeded: "Cost limit exceeded",
    BudgetExceeded: "Budget exceeded",
    domain.IdempotencyInProgress: "Request in progress",
    domain.IdempotencyConflict: "Idempotency key reused",
    domain.GenerationFailed: "Image generation failed",
    domain.DailyAllocationUsed: "Daily allocation used",
}
_TITLES: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request too large",
}
_PLAIN_MESSAGES: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.NOT_FOUND: "No endpoint has this address. /api/openapi.json lists all endpoints.",
    HTTPStatus.METHOD_NOT_ALLOWED: "The address does not support this method. See Allow.",
}
_FIELDS: Final[Mapping[str | int, str]] = {
    "idempotency_key": "Idempotency-Key",
    "pictures": "prompts",
}
"""Names that REST's clients know by another."""

_SINGULAR: Final[Mapping[str, str]] = {"prompts": "prompt", "pictures": "prompt"}
"""A fault of a batch's prompt is one of a prompt."""
