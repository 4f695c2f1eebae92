"""Errors of a whole request: those in a response's ``errors``."""

from collections.abc import Mapping
from typing import Any, Final

from gql_server.client.errors.base import GqlServerError


class RequestError(GqlServerError):
    """The server did not run the request, or a part of it failed.

    Attributes:
        extensions: What the server says about the error for programs, such as ``limit``.
        data: The data of the parts that succeeded. None where there is none.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retry_after: float | None = None,
        extensions: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code=code, retry_after=retry_after)
        self.extensions = dict(extensions or {})
        self.data = data


class BadRequest(RequestError):
    """The operation, its variables or its form is invalid. Do not retry it unchanged."""


class LimitExceeded(RequestError):
    """The operation or its variables exceed a limit of the server."""


class Unauthenticated(RequestError):
    """The API key is missing, invalid, expired or revoked."""


class Forbidden(RequestError):
    """The caller's role or the server's configuration does not permit the operation."""


class RateLimited(RequestError):
    """The caller's allowance is used up until ``retry_after`` seconds have passed."""


class Unavailable(RequestError):
    """The server cannot answer at the moment, or has too many connections."""


class InternalError(RequestError):
    """An unexpected error in the server."""

    @property
    def reference(self) -> str | None:
        """What the server's operator finds the error by in the log."""
        return self.extensions.get("reference")


_CODES: Final[Mapping[type[RequestError], str]] = {
    BadRequest: """
        BAD_REQUEST BATCHING_DISABLED TOO_MANY_OPERATIONS UNSUPPORTED_CONTENT_ENCODING
        UNSUPPORTED_MEDIA_TYPE NOT_ACCEPTABLE METHOD_NOT_ALLOWED PREFLIGHT_REQUIRED
        PERSISTED_QUERY_NOT_FOUND PERSISTED_QUERY_NOT_SUPPORTED PERSISTED_QUERY_HASH_MISMATCH
    """,
    LimitExceeded: """
        QUERY_TOO_LONG QUERY_TOO_DEEP TOO_MANY_ALIASES TOO_MANY_DIRECTIVES TOO_MANY_FRAGMENTS
        TOO_MANY_REPEATS QUERY_TOO_COMPLEX VARIABLES_TOO_LARGE REQUEST_TOO_LARGE
    """,
    Unauthenticated: "UNAUTHENTICATED",
    Forbidden: "FORBIDDEN INTROSPECTION_DISABLED HOST_NOT_ALLOWED DOCUMENT_NOT_TRUSTED",
    RateLimited: "RATE_LIMITED",
    Unavailable: """
        UNAVAILABLE SERVER_STOPPING REQUEST_TIMEOUT TOO_MANY_CONNECTIONS TOO_MANY_SUBSCRIPTIONS
    """,
    InternalError: "INTERNAL",
}
REQUEST_ERRORS: Final[Mapping[str, type[RequestError]]] = {
    code: kind for kind, codes in _CODES.items() for code in codes.split()
}
"""The exception of each code. Codes of newer servers are a ``RequestError``."""
