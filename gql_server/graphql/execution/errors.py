"""Errors of operations, as the engine itself knows them; an application may translate more."""

import re
from collections.abc import Callable
from typing import Final

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

TranslateError = Callable[[GraphQLError], GraphQLError]
"""Turns an error of an operation into what its client gets."""

_REQUEST_ERRORS: Final = (
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
    MissingQueryError,
)
_NOT_NULL_IN_PYTHON: Final = " not to be None."
"""How graphql-core says that a value is null."""
_NOT_NULL: Final = " not to be null."
_SUGGESTION: Final = re.compile(r" Did you mean .*\?", re.DOTALL)


def coded_error(error: GraphQLError) -> GraphQLError:
    """Give an error a code; the message of an exception that a resolver raised is masked."""
    return request_error(error) or copy_of(error, "Internal server error", {"code": "INTERNAL"})


def request_error(error: GraphQLError) -> GraphQLError | None:
    """Return an error of the request itself with its code; None: an exception caused it."""
    original = error.original_error
    if isinstance(error, GraphQLSyntaxError) or isinstance(original, _REQUEST_ERRORS):
        # Strawberry would close a whole WebSocket for one error of these classes.
        return copy_of(error, error.message, {"code": "BAD_REQUEST"})
    if original is None or isinstance(original, GraphQLError):
        error.extensions = {"code": "BAD_REQUEST", **(error.extensions or {})}
        error.message = error.message.replace(_NOT_NULL_IN_PYTHON, _NOT_NULL)
        return error
    return None


def without_suggestion(error: GraphQLError) -> GraphQLError:
    """Return the error without graphql-core's guess at which name was meant."""
    message = _SUGGESTION.sub("", error.message)
    if message == error.message:
        return error
    return copy_of(error, message, dict(error.extensions or {}))


def copy_of(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    """Return an error of the same place, with another message and other extensions."""
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
