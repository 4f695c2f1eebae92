"""Connections that do not come to the point: bounded before an application hears of them."""

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MAX_HEAD_BYTES: Final = 64 * 1024


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection whose next request's head does not come in time, or does not end.

    Uvicorn itself bounds only the pause after an answer.
    """

    head_seconds: ClassVar[float] = 30

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Wait for the first request."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has no end."""
        super().data_received(data)
        if self._deadline is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _MAX_HEAD_BYTES:
                self.transport.close()

    def on_message_begin(self) -> None:
        """Wait for the rest of another request's head."""
        super().on_message_begin()
        self._head_is_here()
        self._await_head()

    def on_headers_complete(self) -> None:
        """Leave the request to the application, which bounds its body."""
        self._head_is_here()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._deadline: asyncio.TimerHandle | None = self.loop.call_later(
            self.head_seconds, self.transport.close
        )

    def _head_is_here(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def bounded_http(head_seconds: float) -> type[Any]:
    """Return the protocol for uvicorn's ``http``, with this patience."""
    return type("BoundedHttp", (BoundedHttpProtocol,), {"head_seconds": head_seconds})
