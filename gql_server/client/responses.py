"""What the responses of a server mean: data, or errors."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar

import httpx
from pydantic import ValidationError

from gql_server.client.errors.base import GqlServerError, ServerUnreachable, UnexpectedResponse
from gql_server.client.errors.requests import REQUEST_ERRORS, RequestError
from gql_server.client.results.base import Result
from gql_server.client.retries import Attempt, TemporaryError

R = TypeVar("R", bound=Result)

_NOT_RUN: Final = frozenset(
    {"RATE_LIMITED", "REQUEST_TIMEOUT", "TOO_MANY_CONNECTIONS", "TOO_MANY_SUBSCRIPTIONS"}
)
_LOST: Final = frozenset({"INTERNAL", "SERVER_STOPPING", "UNAVAILABLE"})
_MAX_RETRY_AFTER: Final = 86_400.0


def response_data(response: httpx.Response) -> dict[str, Any]:
    """Return the data of a response.

    Raises:
        TemporaryError: Another attempt may succeed.
        GqlServerError: The server did not run the operation, or this is no such server.
    """
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if isinstance(answer, dict) and answer.get("errors"):
        raise graphql_error(answer["errors"], data=answer.get("data"))
    if isinstance(answer, dict) and isinstance(answer.get("data"), dict):
        data: dict[str, Any] = answer["data"]
        return data
    raise status_error(response)


def result_data(result: Any) -> dict[str, Any]:
    """Return the data of a result of a subscription.

    Raises:
        TemporaryError: Another attempt may succeed.
        GqlServerError: It has errors, or is no result.
    """
    if isinstance(result, dict) and result.get("errors"):
        raise graphql_error(result["errors"], data=result.get("data"))
    data = result.get("data") if isinstance(result, dict) else None
    if not isinstance(data, dict):
        raise UnexpectedResponse("Unexpected response: a result without data.")
    return data


def graphql_error(
    errors: Any, *, data: Mapping[str, Any] | None = None
) -> GqlServerError | TemporaryError:
    """Return what the ``errors`` of a response mean; the first one decides."""
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return UnexpectedResponse("Unexpected response: errors that are not GraphQL's.")
    extensions = first.get("extensions")
    extensions = extensions if isinstance(extensions, dict) else {}
    code = extensions.get("code")
    error = REQUEST_ERRORS.get(str(code), RequestError)(
        str(first.get("message", "An error without a message.")),
        code=str(code) if code is not None else None,
        retry_after=_seconds(extensions.get("retryAfter")),
        extensions=extensions,
        data=data,
    )
    if code in _NOT_RUN:
        return TemporaryError(error, Attempt.NOT_RUN)
    return TemporaryError(error, Attempt.LOST) if code in _LOST else error


def status_error(response: httpx.Response) -> GqlServerError | TemporaryError:
    """Return what a response means that is not GraphQL's, by its status."""
    status = response.status_code
    if not is_temporary(status):
        return UnexpectedResponse(
            f"Unexpected response: HTTP {status}, not GraphQL. Is this the address of a gql_server?"
        )
    error = ServerUnreachable(f"it answers {status}", retry_after=retry_after(response))
    was_not_run = status == HTTPStatus.TOO_MANY_REQUESTS
    return TemporaryError(error, Attempt.NOT_RUN if was_not_run else Attempt.LOST)


def is_temporary(status: int) -> bool:
    """Return whether another attempt may have another HTTP status."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of a ``Retry-After`` header; None without one."""
    header = response.headers.get("Retry-After", "")
    if (seconds := _seconds(header)) is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return _seconds(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def lost_connection(error: Exception, attempt: Attempt = Attempt.LOST) -> TemporaryError:
    """Return what an error of the network means."""
    return TemporaryError(ServerUnreachable(str(error) or type(error).__name__), attempt)


def read(kind: type[R], answer: Any) -> R:
    """Return a result as its type.

    Raises:
        UnexpectedResponse: It has another shape.
    """
    try:
        return kind.model_validate(answer)
    except ValidationError as error:
        raise UnexpectedResponse(
            "Unexpected response. Do the server and this client have the same version?"
        ) from error


def parsed_message(text: str | bytes) -> dict[str, Any]:
    """Return a message of a WebSocket.

    Raises:
        UnexpectedResponse: It is none of graphql-transport-ws.
    """
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict) or "type" not in message:
        raise UnexpectedResponse("The server does not support graphql-transport-ws.")
    return message


def _seconds(value: Any) -> float | None:
    try:
        return min(max(0.0, float(value)), _MAX_RETRY_AFTER)
    except (TypeError, ValueError):
        return None
