"""The form of errors, and their statuses."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Literal, NamedTuple

from gql_server.domain import errors as domain
from gql_server.domain.budgets import BudgetScope
from gql_server.domain.clock import to_iso
from gql_server.domain.errors import BudgetExceeded
from gql_server.domain.money import to_dollars
from gql_server.rest.errors.forms import message_of
from gql_server.rest.schemas.fields import IMAGE_ID, MOMENT_EXAMPLE, Answer, Moment, described

_PROMPT_MESSAGE: Final = "Prompt must be at least 3 characters"
_BUDGET: Final = BudgetExceeded(
    scope=BudgetScope.USER,
    limit=10_000_000_000,
    spent=9_980_000_000,
    reserved=20_000_000,
    needed=10_000_000,
    resets_at=datetime(2026, 2, 1, tzinfo=UTC),
)


class ListedError(Answer):
    """One of several errors in a request."""

    field: str | None = described("Path of the field in the request.", "prompt", None)
    message: str = described(
        "Message for people: what is wrong and how to fix it.", _PROMPT_MESSAGE
    )


class Pending(Answer):
    """A result that is not ready when the request's deadline passes."""

    id: str = described(
        "ID of the result, which will appear at the address in `Location`.", IMAGE_ID
    )
    status: Literal["pending"] = described("Always `pending`.", "pending")
    message: str = described(
        "Message for people: what to do.",
        message_of(domain.GenerationPending(IMAGE_ID)),
    )


class Details(Answer):
    """Details of an error: always the message, other fields where they apply."""

    field: str | None = described(
        "Path of the invalid field in the request, with dots for list entries "
        "and nested fields: `prompts.2`.",
        "prompt",
        None,
    )
    model: str | None = described("Model that was requested.", "@cf/invalid/model", None)
    message: str = described(
        "Message for people: what is wrong and how to fix it.", _PROMPT_MESSAGE
    )
    id: str | None = described("ID of the image or batch in progress.", IMAGE_ID, None)
    cost: float | None = described("Cost of the request, in US dollars.", 0.02, None)
    max_cost: float | None = described("The request's `max_cost`, in US dollars.", 0.01, None)
    limit: float | None = described("Limit of the budget, in US dollars.", 10.0, None)
    spent: float | None = described(
        "Amount charged in the budget's current period, in US dollars.", 9.98, None
    )
    reserved: float | None = described(
        "Amount reserved for images being generated, in US dollars.", 0.02, None
    )
    needed: float | None = described("Cost of the request, in US dollars.", 0.01, None)
    resets_at: Moment | None = described(
        "When the budget or allocation resets.", MOMENT_EXAMPLE, None
    )
    queued: int | None = described(
        "Number of the user's images that are waiting or being generated.", 99_990, None
    )
    max_queued: int | None = described("Maximum number of such images.", 100_000, None)
    reference: str | None = described(
        "Reference that the server's operator finds in the log.", "5f1c0a9b3d7e", None
    )
    errors: list[ListedError] | None = described(
        "All errors, when there is more than one.",
        [
            {"field": "prompt", "message": _PROMPT_MESSAGE},
            {"field": "tags.0", "message": "A tag must be at least 1 character"},
        ],
        None,
    )


class Problem(Answer):
    """An error response."""

    error: str = described("Short name of the error.", "Invalid prompt")
    details: Details = described(
        "Details of the error.", {"field": "prompt", "message": _PROMPT_MESSAGE}
    )


class _Documented(NamedTuple):
    description: str
    example: dict[str, Any]


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI descriptions of these error statuses, with examples."""
    return {int(status): _documented(status) for status in statuses}


def _documented(status: HTTPStatus) -> dict[str, Any]:
    description, example = _PROBLEMS[status]
    content: dict[str, Any] = {"application/json": {"example": example}}
    if status is HTTPStatus.FORBIDDEN:
        content["text/plain"] = {"schema": {"type": "string"}, "example": "Forbidden"}
    found = {"model": Problem, "description": description, "content": content}
    headers = {name: _HEADERS[name] for name in _HEADERS_OF.get(status, ())}
    return {**found, "headers": headers} if headers else found


def _problem(error: str, **details: Any) -> dict[str, Any]:
    return {"error": error, "details": details}


_PROBLEMS: Final[Mapping[HTTPStatus, _Documented]] = {
    HTTPStatus.BAD_REQUEST: _Documented(
        "The prompt, the model or another part of the request is invalid. Nothing was charged.",
        _problem("Invalid prompt", field="prompt", message=_PROMPT_MESSAGE),
    ),
    HTTPStatus.UNAUTHORIZED: _Documented(
        "The API key is missing or invalid.",
        _problem("Unauthorized", message="Invalid API key. Check that you copied all of it."),
    ),
    HTTPStatus.PAYMENT_REQUIRED: _Documented(
        "The request would exceed a budget or its own `max_cost`.",
        _problem(
            "Budget exceeded",
            message=message_of(_BUDGET),
            limit=to_dollars(_BUDGET.limit),
            spent=to_dollars(_BUDGET.spent),
            reserved=to_dollars(_BUDGET.reserved),
            needed=to_dollars(_BUDGET.needed),
            resets_at=to_iso(_BUDGET.resets_at),
        ),
    ),
    HTTPStatus.FORBIDDEN: _Documented(
        "The API key's role does not permit this. Or, as plain text, the "
        "client's address is not allowed.",
        _problem(
            "Forbidden",
            message="POST /api/generate needs the role creator; yours is reader. Ask an admin of "
            "the server.",
        ),
    ),
    HTTPStatus.NOT_FOUND: _Documented(
        "No object with this ID belongs to the caller.",
        _problem("Image not found", message=message_of(domain.ImageNotFound(IMAGE_ID))),
    ),
    HTTPStatus.REQUEST_TIMEOUT: _Documented(
        "The body took too long to arrive.",
        _problem("Request timeout", message="The request took longer than 30 s to arrive."),
    ),
    HTTPStatus.CONFLICT: _Documented(
        "An earlier request with this Idempotency-Key is still running.",
        _problem(
            "Request in progress",
            field="Idempotency-Key",
            message=message_of(domain.IdempotencyInProgress(IMAGE_ID)),
            id=IMAGE_ID,
        ),
    ),
    HTTPStatus.GONE: _Documented(
        "The image of the earlier request with this Idempotency-Key was purged.",
        _problem("Image purged", message=message_of(domain.ImagePurged(IMAGE_ID)), id=IMAGE_ID),
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _Documented(
        "The body is larger than the server accepts.",
        _problem(
            "Request too large",
            message="The request is larger than the server accepts: 8388608 bytes.",
        ),
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: _Documented(
        "The body's media type is not supported by this operation: use "
        "application/json in UTF-8, or for uploads an image or "
        "multipart/form-data.",
        _problem("Unsupported media type", message="Send the body as application/json, in UTF-8."),
    ),
    HTTPStatus.MISDIRECTED_REQUEST: _Documented(
        "The server does not serve the requested host name.",
        _problem(
            "Misdirected request",
            message="The server does not serve the requested host name.",
        ),
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: _Documented(
        "The Idempotency-Key was used for a request with different input.",
        _problem(
            "Idempotency key reused",
            field="Idempotency-Key",
            message=message_of(domain.IdempotencyConflict()),
        ),
    ),
    HTTPStatus.TOO_MANY_REQUESTS: _Documented(
        "Your rate limit, see the `RateLimit` header, or the provider's rate "
        "limit is exhausted, or too many of your images are waiting. Nothing was charged.",
        _problem("Too many requests", message="The account's rate limit is reached. Try again."),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: _Documented(
        "The image could not be generated or stored, and nothing was charged. "
        "Or an unexpected error occurred, with a reference for the server's "
        "log. With `Retry-After`, the same request may succeed later.",
        _problem("Image generation failed", message="AI service temporarily unavailable"),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: _Documented(
        "The database is unavailable, or the provider account has no free "
        "neurons left today. A server at its connection limit also returns this"
        " status, with GraphQL's `errors` instead of `error`.",
        _problem(
            "Service unavailable", message="The server is unavailable. Try again in a moment."
        ),
    ),
}

_HEADERS: Final = {
    "Retry-After": {
        "description": "Seconds to wait before retrying.",
        "schema": {"type": "integer"},
        "example": 1,
    },
    "WWW-Authenticate": {
        "description": "The authentication scheme to use.",
        "schema": {"type": "string"},
        "example": "Bearer",
    },
}
_HEADERS_OF: Final[Mapping[HTTPStatus, tuple[str, ...]]] = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate",),
    HTTPStatus.CONFLICT: ("Retry-After",),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After",),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("Retry-After",),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After",),
}
