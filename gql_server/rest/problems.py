"""What every refusal looks like, and which statuses there are."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Literal, NamedTuple

from gql_server.domain import errors as domain
from gql_server.domain.budget_errors import BudgetExceeded
from gql_server.domain.budgets import BudgetScope
from gql_server.domain.clock import to_iso
from gql_server.domain.money import to_dollars
from gql_server.rest.fields import IMAGE_ID, MOMENT_EXAMPLE, Answer, Moment, described

_PROMPT_MESSAGE: Final = "Prompt must be at least 3 characters"
_BUDGET: Final = BudgetExceeded(
    scope=BudgetScope.USER,
    limit=10_000_000_000,
    spent=9_980_000_000,
    reserved=20_000_000,
    needed=10_000_000,
    resets_at=datetime(2026, 2, 1, tzinfo=UTC),
)


class Fault(Answer):
    """One of several things that are wrong with a request."""

    field: str | None = described("Where it lies.", "prompt", None)
    message: str = described("What is wrong and what to mend.", _PROMPT_MESSAGE)


class Pending(Answer):
    """What is not there yet when the request's deadline passes, and will be."""

    id: str = described("The id under which it will appear at the address in Location.", IMAGE_ID)
    status: Literal["pending"] = described("That it is not there yet.", "pending")
    message: str = described(
        "What to do.",
        domain.GenerationPending(IMAGE_ID).message,
    )


class Details(Answer):
    """More about what is wrong: the message always, the others where they say something."""

    field: str | None = described(
        "Where in the request it lies; dots lead into lists and objects: `prompts.2`.",
        "prompt",
        None,
    )
    model: str | None = described("The model that there is not.", "@cf/invalid/model", None)
    message: str = described("What is wrong and what to mend.", _PROMPT_MESSAGE)
    id: str | None = described("The image or batch under way.", IMAGE_ID, None)
    cost: float | None = described("What it would cost, in US dollars.", 0.02, None)
    max_cost: float | None = described("What the request allows, in US dollars.", 0.01, None)
    limit: float | None = described("The budget, in US dollars.", 10.0, None)
    spent: float | None = described("What was spent in its period, in US dollars.", 9.98, None)
    reserved: float | None = described("What is held for others, in US dollars.", 0.02, None)
    needed: float | None = described("What the request needs, in US dollars.", 0.01, None)
    resets_at: Moment | None = described("When it can be had again.", MOMENT_EXAMPLE, None)
    reference: str | None = described(
        "For the server's operator, who finds it in the log.", "5f1c0a9b3d7e", None
    )
    faults: list[Fault] | None = described(
        "Everything that is wrong, where it is more than one thing.",
        [
            {"field": "prompt", "message": _PROMPT_MESSAGE},
            {"field": "tags.0", "message": "A tag must be at least 1 character"},
        ],
        None,
    )


class Problem(Answer):
    """Why a request was refused or failed."""

    error: str = described("What went wrong, in a few words.", "Invalid prompt")
    details: Details = described("More about it.", {"field": "prompt", "message": _PROMPT_MESSAGE})


class _Documented(NamedTuple):
    description: str
    example: dict[str, Any]


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return the description of these refusals for OpenAPI, with examples."""
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
        "The prompt, the model or another part of the request is wrong; nothing was charged.",
        _problem("Invalid prompt", field="prompt", message=_PROMPT_MESSAGE),
    ),
    HTTPStatus.UNAUTHORIZED: _Documented(
        "The server asks for an API key, and there is none or none that is good.",
        _problem("Unauthorized", message="There is no such API key. Copy it once more."),
    ),
    HTTPStatus.PAYMENT_REQUIRED: _Documented(
        "A budget, or the request's own `max_cost`, does not hold what it would cost.",
        _problem(
            "Budget exceeded",
            message=_BUDGET.message,
            limit=to_dollars(_BUDGET.limit),
            spent=to_dollars(_BUDGET.spent),
            reserved=to_dollars(_BUDGET.reserved),
            needed=to_dollars(_BUDGET.needed),
            resets_at=to_iso(_BUDGET.resets_at),
        ),
    ),
    HTTPStatus.FORBIDDEN: _Documented(
        "The API key's role may not do this; or, in plain text, the server does not let the "
        "client's address in.",
        _problem(
            "Forbidden",
            message="POST /api/generate needs the role creator; yours is reader. Ask an admin of "
            "the server.",
        ),
    ),
    HTTPStatus.NOT_FOUND: _Documented(
        "There is nothing of that id, or it is somebody else's.",
        _problem("Image not found", message=domain.ImageNotFound(IMAGE_ID).message),
    ),
    HTTPStatus.REQUEST_TIMEOUT: _Documented(
        "The body took too long to come.",
        _problem("Request timeout", message="The request took longer than 30 s to come."),
    ),
    HTTPStatus.CONFLICT: _Documented(
        "An earlier request with this Idempotency-Key is still being worked on.",
        _problem(
            "Request in progress",
            field="Idempotency-Key",
            message=domain.IdempotencyInProgress(IMAGE_ID).message,
            id=IMAGE_ID,
        ),
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _Documented(
        "The body is larger than the server takes.",
        _problem(
            "Request too large",
            message="The request is larger than this server takes: 8388608 bytes.",
        ),
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: _Documented(
        "The body is not of a media type that this operation takes: application/json in UTF-8, "
        "or for uploads a picture or multipart/form-data.",
        _problem("Unsupported media type", message="Send the body as application/json, in UTF-8."),
    ),
    HTTPStatus.MISDIRECTED_REQUEST: _Documented(
        "The server does not answer to the host name that it was asked by.",
        _problem(
            "Misdirected request",
            message="This server does not answer to the name that it was asked by.",
        ),
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: _Documented(
        "The Idempotency-Key stands for a request with another input.",
        _problem(
            "Idempotency key reused",
            field="Idempotency-Key",
            message=domain.IdempotencyConflict().message,
        ),
    ),
    HTTPStatus.TOO_MANY_REQUESTS: _Documented(
        "Your allowance, as `RateLimit` tells it, does not hold what this costs; or the provider's "
        "rate limit leaves no turn just now. Nothing was charged.",
        _problem("Too many requests", message="The account's rate limit is reached. Try again."),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: _Documented(
        "The image could not be made or kept, and nothing was charged; or something went wrong "
        "that nobody foresaw, which then has a reference. With `Retry-After` the same request may "
        "well succeed later.",
        _problem("Image generation failed", message="AI service temporarily unavailable"),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: _Documented(
        "The database does not answer just now, or the provider's account has no free neurons "
        "left today. A server with all the connections that it takes answers it too, before it "
        "reads an address, and then as GraphQL does: `errors` in place of `error`.",
        _problem("Service unavailable", message="The server cannot answer. Try again in a moment."),
    ),
}

_HEADERS: Final = {
    "Retry-After": {
        "description": "Seconds after which it is worth another try.",
        "schema": {"type": "integer"},
        "example": 1,
    },
    "WWW-Authenticate": {
        "description": "How to say who you are.",
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
