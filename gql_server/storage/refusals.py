"""What errors of the S3 API and of the network mean for a store."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
import structlog
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError
from botocore.parsers import ResponseParserError

from gql_server.storage.store import StoreMisconfigured, StoreUnavailable

_TRANSIENT_CODES: Final = {
    "ConditionalRequestConflict",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "TooManyRequests",
}
"""S3's error codes for which a retry may succeed, whatever their HTTP status."""

_TRANSIENT_STATUSES: Final = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}

_FIRST_OF_CLOUDFLARES_OWN: Final = 520
"""From 520 on, statuses say how Cloudflare's edge failed to reach the origin."""

_NETWORK_FAILURES: Final = (
    BotocoreConnectionError,
    HTTPClientError,
    ResponseStreamingError,
    IncompleteReadError,
    ResponseParserError,
    aiohttp.ClientError,
    TimeoutError,
)
"""Refused, reset, timed out, disconnected, or not S3; aiobotocore passes some of aiohttp's on."""

_MISSING_PERMISSION: Final = (
    " Give the API token of R2_ACCESS_KEY_ID the permission Object Read & Write for the bucket."
)

log = structlog.get_logger(__name__)


@contextmanager
def translated(operation: str, *, bucket: str, key: str | None = None) -> Iterator[None]:
    """Turn the errors of one attempt into the store's errors, and log them for the operator.

    Raises:
        StoreUnavailable: The network failed, or the store answered 429, 5xx or similar.
        StoreMisconfigured: The store refuses these keys, this bucket or this request.
    """
    about = {"operation": operation, "bucket": bucket, "key": key}
    try:
        yield
    except ClientError as error:
        code, status = code_of(error), status_of(error)
        answer = {
            "status": status,
            "code": code,
            "message": error.response["Error"].get("Message"),
            "request_id": error.response["ResponseMetadata"].get("RequestId"),
        }
        if is_transient(error):
            log.warning("store_failed", **about, **answer)
            message = f"R2 could not {operation}: it answered {status} {code}."
            raise StoreUnavailable(message) from error
        log.error(  # noqa: TRY400 - the answer says all that a trace would
            "store_refused", **about, **answer
        )
        hint = _MISSING_PERMISSION if code == "AccessDenied" else ""
        message = f"R2 refused to {operation}: it answered {status} {code}.{hint}"
        raise StoreMisconfigured(message) from error
    except _NETWORK_FAILURES as error:
        log.warning("store_failed", **about, error=f"{type(error).__name__}: {error}")
        message = f"R2 could not {operation}: {type(error).__name__}."
        raise StoreUnavailable(message) from error
    except BotoCoreError as error:
        log.error(  # noqa: TRY400 - the error says all that a trace would
            "store_refused", **about, error=str(error)
        )
        message = f"A request to {operation} cannot be made: {type(error).__name__}."
        raise StoreMisconfigured(message) from error


def code_of(error: ClientError) -> str:
    """Return S3's error code; for HEAD, which has no body, the HTTP status as text."""
    return error.response["Error"].get("Code", "")


def status_of(error: ClientError) -> int:
    """Return the HTTP status of the response."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


def is_transient(error: ClientError) -> bool:
    """Return whether the same request may succeed later."""
    status = status_of(error)
    return (
        status in _TRANSIENT_STATUSES
        or status >= _FIRST_OF_CLOUDFLARES_OWN
        or code_of(error) in _TRANSIENT_CODES
    )
