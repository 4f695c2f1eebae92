"""What a server's refusals become."""

from http import HTTPStatus
from typing import Any, Final

from gql_server.client.retry_policy import ConnectionLost

_TRANSIENT_STATUSES: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_TRANSIENT_CODES: Final = frozenset({"INTERNAL", "RATE_LIMITED", "SERVER_STOPPING", "UNAVAILABLE"})


class ServerRefused(Exception):
    """The server refuses the request, and a retry would not help.

    Attributes:
        requires_auth: Whether it requires authentication.
    """

    def __init__(self, message: str, *, requires_auth: bool = False) -> None:
        super().__init__(message)
        self.requires_auth = requires_auth


class WayBlocked(ConnectionLost):
    """Something between the client and the server does not let this way of watching through."""


def is_transient(status: int) -> bool:
    """Return whether an HTTP status is transient."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TRANSIENT_STATUSES


def graphql_error(errors: Any) -> ServerRefused | ConnectionLost:
    """Return what the errors of a GraphQL answer mean; the first one decides."""
    first = errors[0] if isinstance(errors, list) and errors else {}
    message = str(first.get("message", "an error without a message"))
    code = (first.get("extensions") or {}).get("code")
    if code in _TRANSIENT_CODES:
        return ConnectionLost(message)
    return ServerRefused(message, requires_auth=code == "UNAUTHENTICATED")


def result_data(result: Any) -> dict[str, Any]:
    """Return the data of a subscription's result.

    Raises:
        ConnectionLost, ServerRefused: It has errors, or is no result.
    """
    if not isinstance(result, dict):
        raise ServerRefused("It sends results that are none of GraphQL.")
    if result.get("errors"):
        raise graphql_error(result["errors"])
    data = result.get("data")
    if not isinstance(data, dict):
        raise ServerRefused("It sends results without data.")
    return data
