"""Errors as GraphQL clients receive them: userErrors in payloads, and top-level errors."""

import secrets
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields
from time import monotonic
from typing import Final, get_type_hints

import structlog
from graphql import GraphQLError

from gql_server.api.user_error_types import USER_ERROR_TYPES, BudgetExceeded, UserError
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain import errors as domain
from gql_server.domain.allowances import RateLimited
from gql_server.domain.budgets import BudgetScope
from gql_server.domain.errors import (
    DomainError,
    Forbidden,
    Path,
    Rejected,
    Unauthenticated,
)
from gql_server.domain.money import to_dollars
from gql_server.graphql.execution.errors import copy_of, request_error
from gql_server.transient import (
    BUSY_RETRY_SECONDS,
    DATABASE_RETRY_SECONDS,
    ServerBusy,
    unavailable,
)

log = structlog.get_logger(__name__)

REPORTABLE: Final = (DomainError, Rejected)
"""Errors that mutations return as userErrors; unexpected errors are masked."""

_TYPES: Final[Mapping[str, type[UserError]]] = {kind.__name__: kind for kind in USER_ERROR_TYPES}
"""The type of each error of the domain has the same name."""

_OWN_FIELDS: Final[Mapping[type[UserError], AbstractSet[str]]] = {
    kind: {field.name for field in fields(kind)} - {field.name for field in fields(UserError)}
    for kind in USER_ERROR_TYPES
}
_AMOUNTS: Final[Mapping[type[UserError], AbstractSet[str]]] = {
    kind: {name for name, type_ in get_type_hints(kind).items() if type_ in {float, float | None}}
    for kind in USER_ERROR_TYPES
}
"""Fields that show an amount of money in dollars: all that are floats."""

_OUTAGE_SECONDS: Final = 60.0
"""Failures less than this apart belong to one outage."""

_ACCESS_CODES: Final[Mapping[type[Exception], str]] = {
    Unauthenticated: "UNAUTHENTICATED",
    Forbidden: "FORBIDDEN",
}


def user_errors(
    error: DomainError | Rejected,
    *,
    under: Sequence[str] = ("input",),
    json_at: Sequence[str] = ("parameters",),
    shows_server_totals: bool = False,
) -> list[UserError]:
    """Translate a use case's error into the ``userErrors`` of a payload.

    Args:
        error: The error.
        under: Path of the use case's input in the arguments.
        json_at: Path of the input's JSON object: the keys in it are reported unchanged.
        shows_server_totals: Whether the caller may see how much all users together spend.
    """
    found = [_user_error(one, under, json_at) for one in _errors(error)]
    for one, reported in zip(_errors(error), found, strict=True):
        if isinstance(one, domain.BudgetExceeded) and isinstance(reported, BudgetExceeded):
            if shows_server_totals:
                reported.message = one.detailed_message
            elif one.scope is BudgetScope.SERVER:
                reported.limit = reported.spent = reported.reserved = None
    return found


def camel_case(name: str) -> str:
    """Return a field's name as GraphQL clients write it."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def border_error(error: GraphQLError) -> GraphQLError:
    """Give a top-level error its code; mask and log an unexpected one.

    A masked error has only a reference, by which the operator finds it in the log.
    """
    of_request = request_error(error)
    if of_request is not None:
        return of_request
    original = error.original_error
    assert original is not None  # noqa: S101 - errors of requests alone have none
    if isinstance(original, REPORTABLE):
        errors = _errors(original)
        return copy_of(
            error,
            " ".join(one.message for one in errors),
            {"code": "BAD_REQUEST", "arguments": [_path(one.path) for one in errors]},
        )
    transient = _transient_error(error, original)
    if transient is not None:
        return transient
    code = _ACCESS_CODES.get(type(original))
    if code is not None:
        return copy_of(error, str(original), {"code": code})
    reference = secrets.token_hex(6)
    log.error("unexpected_error", reference=reference, path=error.path, exc_info=original)
    return copy_of(
        error,
        (
            "An unexpected error occurred. Report this reference to the server's "
            f"operator: {reference}"
        ),
        {"code": "INTERNAL", "reference": reference},
    )


def _transient_error(error: GraphQLError, original: Exception) -> GraphQLError | None:
    """Return what is said of an error that passes by itself, with when to come again."""
    if isinstance(original, RateLimited):
        return copy_of(
            error,
            original.message,
            {
                "code": "RATE_LIMITED",
                "limit": original.state.limit,
                "retryAfter": original.retry_after,
            },
        )
    if isinstance(original, ServerBusy):
        return copy_of(error, original.message, unavailable(BUSY_RETRY_SECONDS))
    if isinstance(original, DatabaseUnavailable):
        _outages.report(original)
        return copy_of(
            error,
            "The server cannot reach its database at the moment. Try again in a moment.",
            unavailable(DATABASE_RETRY_SECONDS),
        )
    return None


class _Outages:
    """Logs an outage once, and not for each request that meets it."""

    def __init__(self) -> None:
        self._reported_at = float("-inf")

    def report(self, error: DatabaseUnavailable) -> None:
        moment = monotonic()
        if moment - self._reported_at > _OUTAGE_SECONDS:
            log.error("database_unavailable", reason=str(error))
        self._reported_at = moment


_outages: Final = _Outages()


def _errors(error: DomainError | Rejected) -> Sequence[DomainError]:
    return error.errors if isinstance(error, Rejected) else (error,)


def _user_error(error: DomainError, under: Sequence[str], json_at: Sequence[str]) -> UserError:
    kind = _TYPES[type(error).__name__]
    own = {name: getattr(error, name) for name in _OWN_FIELDS[kind]}
    dollars = {name: to_dollars(own[name]) for name in own.keys() & _AMOUNTS[kind]}
    return kind(
        message=f"{error.message} {kind.hint.format_map(own)}".rstrip(),
        code=error.code,
        path=[*under, *_path(error.path, json_at)],
        **own | dollars,
    )


def _path(path: Path, json_at: Sequence[str] = ("parameters",)) -> list[str]:
    length = len(json_at)
    ends = (at for at in range(length, len(path)) if path[at - length : at] == tuple(json_at))
    end = next(ends, len(path))
    return [camel_case(str(part)) if at < end else str(part) for at, part in enumerate(path)]
