"""What clients are told of errors: userErrors in payloads, coded and masked ones at the top."""

import secrets
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Final

import structlog
from graphql import GraphQLError

from gql_server.api.user_error_types import (
    USER_ERROR_TYPES,
    ApiKeyNotFound,
    BatchConflict,
    BatchNotFound,
    BatchPending,
    BudgetExceeded,
    BudgetNotFound,
    DailyAllocationUsed,
    GenerationFailed,
    GenerationPending,
    IdempotencyInProgress,
    ImageNotFound,
    MaxCostExceeded,
    ModelNotFound,
    PictureFlagged,
    TemplateNotFound,
    UserError,
    UserErrorCode,
    WebhookNotFound,
)
from gql_server.database.engine.engine import DatabaseUnavailable
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
from gql_server.transient import DATABASE_RETRY_SECONDS, UNAVAILABLE

log = structlog.get_logger(__name__)

REPORTABLE: Final = (DomainError, Rejected)
"""What a mutation answers with userErrors; everything else is masked."""

_TYPES: Final[Mapping[str, type[UserError]]] = {kind.__name__: kind for kind in USER_ERROR_TYPES}
"""Each error of the domain has a type of its own name."""

_OWN_FIELDS: Final[Mapping[type[UserError], tuple[str, ...]]] = {
    ModelNotFound: ("model_id",),
    TemplateNotFound: ("template_id",),
    ImageNotFound: ("image_id",),
    ApiKeyNotFound: ("key_id",),
    PictureFlagged: ("seed_was_given",),
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
_OUTAGE_SECONDS: Final = 60.0
"""Failures that are less apart belong to one outage."""

_MONEY: Final = {"cost", "max_cost", "limit", "spent", "reserved", "needed"}
_ACCESS_CODES: Final[Mapping[type[Exception], str]] = {
    Unauthenticated: "UNAUTHENTICATED",
    Forbidden: "FORBIDDEN",
}


def user_errors(
    error: DomainError | Rejected, *, under: Sequence[str] = ("input",), sees_all: bool = False
) -> list[UserError]:
    """Translate what a use case raised into what a payload says.

    Args:
        error: What was raised.
        under: Where in the arguments the use case's input stands.
        sees_all: Whether it is told to who may know what everybody together spends.
    """
    told = [_user_error(fault, under) for fault in _errors(error)]
    for fault, one in zip(_errors(error), told, strict=True):
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
    of_request = request_error(error)
    if of_request is not None:
        return of_request
    original = error.original_error
    assert original is not None  # noqa: S101 - errors of requests alone have none
    if isinstance(original, REPORTABLE):
        faults = _errors(original)
        return copy_of(
            error,
            " ".join(fault.message for fault in faults),
            {"code": "BAD_REQUEST", "arguments": [_path(fault.path) for fault in faults]},
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
    if isinstance(original, DatabaseUnavailable):
        _outages.report(original)
        return copy_of(
            error,
            "The server cannot reach its database at the moment. Try again in a moment.",
            {"code": UNAVAILABLE, "retryable": True, "retryAfter": DATABASE_RETRY_SECONDS},
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


def _user_error(fault: DomainError, under: Sequence[str]) -> UserError:
    kind = _TYPES[type(fault).__name__]
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
