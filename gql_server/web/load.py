"""What a process works on, within limits: beyond them, requests are refused at once."""

from http import HTTPStatus
from time import monotonic
from typing import Final

import structlog

from gql_server.transient import BUSY_RETRY_SECONDS, UNAVAILABLE
from gql_server.web.bodies import RequestRefused

log = structlog.get_logger(__name__)

_LOG_SECONDS: Final = 10.0


class Load:
    """Counts the requests of a process, and the bytes of their bodies.

    A request counts until its response starts, its body until the request has ended. GraphQL
    operations over WebSockets count as requests until their result; open subscriptions do not.
    """

    def __init__(self, *, max_requests: int, max_body_bytes: int) -> None:
        """Take the limits.

        Args:
            max_requests: Maximum number of requests.
            max_body_bytes: Maximum size of all bodies together. A single body may exceed it.
        """
        self._max_requests = max_requests
        self._max_body_bytes = max_body_bytes
        self._requests = 0
        self._body_bytes = 0
        self._logged_at = float("-inf")

    @property
    def body_bytes(self) -> int:
        """The size of all bodies, in bytes."""
        return self._body_bytes

    def enter(self) -> "Place":
        """Count one more request, until its place is left.

        Raises:
            RequestRefused: There are too many.
        """
        if self._requests >= self._max_requests:
            raise self._busy("MAX_OPEN_REQUESTS")
        self._requests += 1
        return Place(self)

    def leave(self) -> None:
        """Count one request less; its place calls this."""
        self._requests -= 1

    def add_bytes(self, size: int, *, held: int) -> None:
        """Count bytes that have arrived.

        Args:
            size: The number of bytes.
            held: How many bytes the same body has already.

        Raises:
            RequestRefused: All bodies together are too large; these bytes are not counted.
        """
        if self._body_bytes > held and self._body_bytes + size > self._max_body_bytes:
            raise self._busy("MAX_OPEN_BODY_BYTES")
        self._body_bytes += size

    def remove_bytes(self, size: int) -> None:
        """Count the bytes of a body no more."""
        self._body_bytes -= size

    def _busy(self, limit: str) -> RequestRefused:
        if monotonic() - self._logged_at > _LOG_SECONDS:
            self._logged_at = monotonic()
            log.warning(
                "overloaded", limit=limit, requests=self._requests, body_bytes=self._body_bytes
            )
        return RequestRefused(
            "The server is busy. Try again in a moment.",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            code=UNAVAILABLE,
            headers={"Retry-After": str(BUSY_RETRY_SECONDS)},
        )


class Place:
    """The place of one request among those that the process works on."""

    def __init__(self, load: Load) -> None:
        self._load: Load | None = load

    def leave(self) -> None:
        """Leave it, unless it has been left."""
        if self._load is not None:
            self._load.leave()
            self._load = None
