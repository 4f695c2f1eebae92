"""Disconnecting clients that stop reading."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

log = structlog.get_logger(__name__)


class WriteStall:
    """Aborts a transport whose write buffer does not shrink for some time.

    Start it when the transport asks its protocol to pause writing, and stop it when the transport
    asks to resume.
    """

    def __init__(
        self, transport: asyncio.Transport, seconds: float, on_drop: Callable[[], None]
    ) -> None:
        """Take the transport, the seconds that its buffer may remain as full, and what to call."""
        self._on_drop = on_drop
        self._transport: Final = transport
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_running(self) -> bool:
        """Whether the client has unread data."""
        return self._timer is not None

    def start(self) -> None:
        """Watch the buffer from now on."""
        self.stop()
        size = self._transport.get_write_buffer_size()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds, self._check, size)

    def stop(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def shorten(self, seconds: float) -> None:
        """Allow at most this many seconds from now on."""
        self._seconds = min(self._seconds, seconds)
        if self.is_running:
            self.start()

    def _check(self, size: int) -> None:
        if self._transport.get_write_buffer_size() < size:
            self.start()
        else:
            log.info("connection_dropped", no_data_taken_for_seconds=self._seconds)
            self._on_drop()
            self._timer = None
            self._transport.abort()
