"""Limits on connections: their number, and clients that send or read too slowly.

Subclasses uvicorn's protocol; docs/decisions/0037-slow-clients.md says why, and what a new version
of uvicorn must keep.
"""

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gql_server.web.traffic import UNCOUNTED, Traffic
from gql_server.web.write_stall import WriteStall

_MAX_HEAD_BYTES: Final = 64 * 1024
_STOP_SECONDS: Final = 1.0
"""How long a client may read nothing once the server is to stop."""

_TOO_MANY_BODY: Final = (
    b'{"errors":[{"message":"This server has reached its maximum number of connections. Try again '
    b'in a moment.","extensions":{"code":"TOO_MANY_CONNECTIONS"}}]}'
)
_TOO_MANY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(_TOO_MANY_BODY), _TOO_MANY_BODY)
)


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection whose next request's headers do not arrive in time.

    It also closes one whose client reads nothing of its response for too long, and one that was
    answered before its request's body had arrived, if the rest does not arrive in time either.
    Uvicorn itself limits only the pause after a response, until the next byte arrives, and counts
    only connections with a request.
    """

    head_seconds: ClassVar[float] = 30
    idle_seconds: ClassVar[float] = 75
    max_connections: ClassVar[int] = 10_000
    taking_seconds: float = 30
    traffic: ClassVar[Traffic] = UNCOUNTED
    _rest: asyncio.TimerHandle | None = None
    _is_in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Wait for the first request, unless there are too many connections already."""
        super().connection_made(transport)
        self._stall = WriteStall(transport, self.taking_seconds, self.traffic.on_drop)
        self._await_head()
        if len(self.connections) > self.max_connections:
            transport.write(_TOO_MANY)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._head_is_here()
        self._rest_is_here()
        self._stall.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse more data, unless the headers are endless."""
        super().data_received(data)
        if self._deadline is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _MAX_HEAD_BYTES:
                self.transport.close()

    def on_message_begin(self) -> None:
        """Wait for the rest of another request's headers."""
        super().on_message_begin()
        self._head_is_here()
        self._await_head()

    def on_headers_complete(self) -> None:
        """Leave the request to the application, which limits its body."""
        self._head_is_here()
        self._is_in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait for the next request if this one was answered before its end."""
        super().on_message_complete()
        self._is_in_body = False
        self._rest_is_here()
        # The first request of a connection that becomes a WebSocket has no cycle.
        if not self.parser.should_upgrade() and self.cycle.response_complete:
            self._await_head(self.idle_seconds)

    def on_response_complete(self) -> None:
        """Wait for the rest of the request that was answered, or else for the next one."""
        has_next = bool(self.pipeline)
        super().on_response_complete()
        if has_next or self.transport.is_closing():
            return
        if self._is_in_body:
            self._rest = self.loop.call_later(self.head_seconds, self.transport.close)
        elif self._deadline is None:
            self._await_head(self.idle_seconds)

    def pause_writing(self) -> None:
        """Wait for the client to read what was sent."""
        super().pause_writing()
        self._stall.start()

    def resume_writing(self) -> None:
        """Resume sending."""
        self._stall.stop()
        super().resume_writing()

    def shutdown(self) -> None:
        """End the connection once its response was sent, unless its client reads nothing of it."""
        super().shutdown()
        self._stall.shorten(_STOP_SECONDS)

    def _rest_is_here(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _await_head(self, seconds: float | None = None) -> None:
        self._head_bytes = 0
        self._deadline: asyncio.TimerHandle | None = self.loop.call_later(
            self.head_seconds if seconds is None else seconds, self.transport.close
        )

    def _head_is_here(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def bounded_http(
    *,
    head_seconds: float,
    idle_seconds: float,
    taking_seconds: float,
    max_connections: int,
    traffic: Traffic = UNCOUNTED,
) -> type[Any]:
    """Return the protocol class for uvicorn's ``http``.

    Args:
        head_seconds: Time limit for a request's headers.
        idle_seconds: How long a connection may stay open after a response without another request.
        taking_seconds: How long a client may read nothing of what is sent.
        max_connections: Maximum number of connections. WebSockets, which start as such
            connections, count while they are open.
        traffic: Called for what happens on the connections.
    """
    bounds = {
        "head_seconds": head_seconds,
        "idle_seconds": idle_seconds,
        "taking_seconds": taking_seconds,
        "max_connections": max_connections,
        "traffic": traffic,
    }
    return type("BoundedHttp", (BoundedHttpProtocol,), bounds)
