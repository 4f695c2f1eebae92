"""Errors as the results of tools: a code, a message that says how to fix it, and the argument."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from pydantic import ValidationError

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain import errors as domain
from gql_server.domain.allowances import RateLimited
from gql_server.domain.errors import DomainError, Forbidden, Path, Rejected
from gql_server.domain.errors.base import MAX_ERRORS
from gql_server.transient import UNAVAILABLE, ServerBusy

log = structlog.get_logger(__name__)

_MAX_MESSAGES: Final = 10


@dataclass(frozen=True, slots=True)
class Problem:
    """An error.

    Attributes:
        code: The kind of error.
        message: What is wrong and how to fix it.
        argument: The argument that is wrong, such as ``prompts.3``.
    """

    code: str
    message: str
    argument: str | None = None

    def __str__(self) -> str:
        place = f" (argument {self.argument})" if self.argument is not None else ""
        return f"{self.code}{place}: {self.message}"

    def written(self) -> dict[str, Any]:
        """Return the error for programs."""
        return {"code": self.code, "message": self.message, "argument": self.argument}


def problems_of(error: Exception, *, shows_server_totals: bool = False) -> list[Problem]:
    """Translate an error; mask and log an unexpected one.

    Args:
        error: The error.
        shows_server_totals: Whether the caller may see how much all users together spend.
    """
    if isinstance(error, Rejected):
        return [_of_domain(one, shows_server_totals) for one in error.errors]
    if isinstance(error, DomainError):
        return [_of_domain(error, shows_server_totals)]
    if isinstance(error, ValidationError):
        return [_of_argument(one) for one in error.errors(include_url=False)[:MAX_ERRORS]]
    translate = next((found for kind, found in _OTHERS if isinstance(error, kind)), _masked)
    return [translate(error)]


def text_of(problems: Sequence[Problem]) -> str:
    """Return errors as the text that the language model reads."""
    lines = [str(problem) for problem in problems[:_MAX_MESSAGES]]
    if len(problems) > _MAX_MESSAGES:
        lines.append(f"There are {len(problems) - _MAX_MESSAGES} more errors.")
    return "\n".join(lines)


def _of_domain(error: DomainError, shows_server_totals: bool) -> Problem:  # noqa: FBT001 - as above
    message = error.message
    if isinstance(error, domain.BudgetExceeded) and shows_server_totals:
        message = error.detailed_message
    hint = _HINTS.get(type(error), "")
    return Problem(error.code.value, f"{message} {hint}".rstrip(), _argument(error.path))


def _argument(path: Path) -> str | None:
    if not path:
        return None
    first, *rest = path
    return ".".join(map(str, (_ARGUMENTS.get(first, first), *rest)))


def _of_argument(found: Mapping[str, Any]) -> Problem:
    kind = str(found["type"])
    message = _MESSAGES.get(kind) or str(found["msg"]).removeprefix("Value error, ")
    code = "REQUIRED" if kind == "missing" else "INVALID"
    return Problem(code, f"{message}.".replace("..", "."), _argument(tuple(found["loc"])))


def _rate_limited(error: RateLimited) -> Problem:
    wait = f"Call the tool again in {error.retry_after} s."
    return Problem("RATE_LIMITED", f"{error.message} {wait}")


def _unavailable(error: DatabaseUnavailable) -> Problem:
    log.warning("database_unavailable", reason=str(error))
    return Problem(UNAVAILABLE, "The server is unavailable. Try again in a moment.")


def _busy(_error: ServerBusy) -> Problem:
    message = "The server generates as many images as it can. Call the tool again in a moment."
    return Problem(UNAVAILABLE, message)


def _masked(error: Exception) -> Problem:
    reference = secrets.token_hex(6)
    log.error("unexpected_error", reference=reference, exc_info=error)
    return Problem(
        "INTERNAL",
        "An unexpected error occurred. Report this reference to the server's operator: "
        f"{reference}",
    )


_OTHERS: Final[Sequence[tuple[type[Exception], Callable[[Any], Problem]]]] = (
    (Forbidden, lambda error: Problem("FORBIDDEN", error.message)),
    (domain.Unauthenticated, lambda error: Problem("UNAUTHENTICATED", error.message)),
    (RateLimited, _rate_limited),
    (DatabaseUnavailable, _unavailable),
    (ServerBusy, _busy),
)

_MESSAGES: Final = {
    "extra_forbidden": "The tool has no such argument. Its input schema lists them all",
    "missing": "The argument is required",
    "dict_type": "The value must be an object",
    "list_type": "The value must be an array",
}

_ARGUMENTS: Final[Mapping[str | int, str]] = {"pictures": "prompts", "id": "image_id"}
"""Fields whose names in tools are others."""

_HINTS: Final[Mapping[type[DomainError], str]] = {
    domain.ModelNotFound: "list_models has the IDs of all models.",
    domain.ImageNotFound: "search_images finds images.",
    domain.IdempotencyInProgress: "Call the tool again in a moment.",
    domain.BatchPending: "Call batch_status in a moment.",
}
