"""The status, title, message and details of each error of the domain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from gql_server.domain import errors as domain
from gql_server.domain.budgets import BudgetScope
from gql_server.domain.errors import BudgetExceeded, DomainError, Path
from gql_server.domain.money import to_dollars


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorForm:
    """How an error of the domain is returned.

    Attributes:
        status: The status of the response.
        title: A short name; None: that of the status, or the name of the invalid field.
        message: Replaces the error's own message.
        hint: Added to the message: what REST clients can do next.
        details: Fields of the details, each with the error's attribute that it shows.
        amounts: Attributes of the error that the details show in dollars, under the same names.
    """

    status: HTTPStatus = HTTPStatus.BAD_REQUEST
    title: str | None = None
    message: str | None = None
    hint: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    amounts: tuple[str, ...] = ()


_INVALID: Final = ErrorForm()
_FORMS: Final[Mapping[type[DomainError], ErrorForm]] = {
    domain.ModelNotFound: ErrorForm(
        title="Invalid model",
        message="Model not found or not supported",
        details={"model": "model_id"},
    ),
    domain.MaxCostExceeded: ErrorForm(
        status=HTTPStatus.PAYMENT_REQUIRED,
        title="Cost limit exceeded",
        amounts=("cost", "max_cost"),
    ),
    BudgetExceeded: ErrorForm(
        status=HTTPStatus.PAYMENT_REQUIRED,
        title="Budget exceeded",
        details={"resets_at": "resets_at"},
        amounts=("limit", "spent", "reserved", "needed"),
    ),
    domain.BatchConflict: ErrorForm(status=HTTPStatus.CONFLICT),
    domain.QueueFull: ErrorForm(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        details={"queued": "queued", "max_queued": "max_queued"},
    ),
    domain.IdempotencyInProgress: ErrorForm(
        status=HTTPStatus.CONFLICT,
        title="Request in progress",
        hint="Send it again in a moment.",
        details={"id": "image_id"},
    ),
    domain.IdempotencyConflict: ErrorForm(
        status=HTTPStatus.UNPROCESSABLE_ENTITY, title="Idempotency key reused"
    ),
    domain.ImagePurged: ErrorForm(
        status=HTTPStatus.GONE, title="Image purged", details={"id": "image_id"}
    ),
    domain.GenerationPending: ErrorForm(
        status=HTTPStatus.ACCEPTED, hint="Request the address in Location in a moment."
    ),
    domain.BatchPending: ErrorForm(
        status=HTTPStatus.ACCEPTED, hint="Request the address in Location in a moment."
    ),
    domain.GenerationFailed: ErrorForm(
        status=HTTPStatus.INTERNAL_SERVER_ERROR, title="Image generation failed"
    ),
    domain.DailyAllocationUsed: ErrorForm(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        title="Daily allocation used",
        details={"resets_at": "resets_at"},
    ),
}
"""Errors without an entry are invalid input, or objects that do not exist."""

_FIELDS: Final[Mapping[str | int, str]] = {
    "idempotency_key": "Idempotency-Key",
    "pictures": "prompts",
}
"""Fields whose names in REST are others."""

_SINGULAR: Final[Mapping[str, str]] = {"prompts": "prompt", "pictures": "prompt"}
"""An error in a batch's prompts is one of a prompt."""

_TITLES: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request too large",
}


def status_of(error: DomainError) -> HTTPStatus:
    """Return the status of an error's response."""
    if isinstance(error, domain.GenerationFailed) and not error.reached_model:
        return HTTPStatus.TOO_MANY_REQUESTS
    if type(error) not in _FORMS and isinstance(error, domain.NotFound) and error.path == ("id",):
        return HTTPStatus.NOT_FOUND  # named in the address, and not in the body
    return _form(error).status


def title_of(error: DomainError, status: HTTPStatus) -> str:
    """Return the short name of an error."""
    form = _form(error)
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        return status_title(status)
    if form.title is not None:
        return form.title
    if isinstance(error, domain.NotFound):
        return f"{error.noun[0].upper()}{error.noun[1:]} not found"
    if status is not HTTPStatus.BAD_REQUEST:
        return status_title(status)
    name = str(error.path[0]) if error.path else "body"
    return f"Invalid {_SINGULAR.get(name, _FIELDS.get(name, name))}"


def status_title(status: HTTPStatus) -> str:
    """Return the short name of a status."""
    return _TITLES.get(status) or status.phrase.capitalize()


def message_of(error: DomainError, *, shows_server_totals: bool = False) -> str:
    """Return an error's message, with the hint for REST clients.

    Args:
        error: The error.
        shows_server_totals: Whether the caller may see how much all users together spend.
    """
    form = _form(error)
    if isinstance(error, BudgetExceeded) and shows_server_totals:
        return error.detailed_message
    return f"{form.message or error.message} {form.hint}".rstrip()


def details_of(error: DomainError, *, shows_server_totals: bool = False) -> dict[str, Any]:
    """Return the details of an error.

    Args:
        error: The error.
        shows_server_totals: Whether the caller may see how much all users together spend.
    """
    form = _form(error)
    amounts = form.amounts
    is_total = isinstance(error, BudgetExceeded) and error.scope is BudgetScope.SERVER
    if is_total and not shows_server_totals:
        amounts = ("needed",)
    details = {"message": message_of(error, shows_server_totals=shows_server_totals)}
    path = field_of(error.path)
    if path is not None and "model" not in form.details:
        details = {"field": path, **details}
    return {
        **details,
        **{name: to_dollars(getattr(error, name)) for name in amounts},
        **{name: getattr(error, attribute) for name, attribute in form.details.items()},
    }


def field_of(path: Path) -> str | None:
    """Return a field's path as REST clients write it; the body and the address are no fields."""
    if path in {(), ("id",), ("body",)}:
        return None
    first, *rest = path
    return ".".join(str(part) for part in (_FIELDS.get(first, first), *rest))


def _form(error: DomainError) -> ErrorForm:
    return _FORMS.get(type(error), _INVALID)
