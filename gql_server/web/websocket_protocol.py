"""WebSocket connections with limits on the frames that clients send.

A socket that the application has not acknowledged yet may send a few small messages. After that
each message may have the size of a request's body. Nothing is decompressed: a few kilobytes
could become megabytes. Ping and pong frames are rate-limited, and a client that stops reading is
not read from, and disconnected after a while.
"""

import logging
from asyncio import Transport
from asyncio.transports import BaseTransport
from collections.abc import Callable
from typing import Any, ClassVar, Final, cast

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

from gql_server.web.traffic import UNCOUNTED, Traffic
from gql_server.web.write_stall import WriteStall

ACKNOWLEDGE: Final = "gql_server.acknowledge"
"""The scope's extension whose ``callback`` the application calls when the client is known."""

SEND_AT_ONCE: Final = "gql_server.send_at_once"
"""The scope's extension for messages that need not wait: ``is_ready`` returns whether the client
can receive one now, and then ``send`` sends it, as UTF-8."""

# The request log has a line for each socket; uvicorn and websockets would write three more.
_LOGGER: Final = logging.getLogger("uvicorn.websockets")
_LOGGER.setLevel(logging.WARNING)

_PIECE_BYTES: Final = 4096
"""Bytes that are parsed before limits are checked: some 700 of the smallest frames."""
_UNACKNOWLEDGED_MESSAGE_BYTES: Final = 16 * 1024
_UNACKNOWLEDGED_BYTES: Final = 32 * 1024
_UNACKNOWLEDGED_MESSAGES: Final = 8
_UNACKNOWLEDGED_SECONDS: Final = 5.0
"""How long an unacknowledged client may leave data unread."""
_MAX_FRAGMENTS: Final = 1024
_MAX_LENGTH_IN_HEAD: Final = 125
_MAX_LENGTH_IN_TWO_BYTES: Final = 0xFFFF
_CONTROL_FRAMES: Final = 100
_CONTROL_FRAMES_PER_SECOND: Final = 10.0


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """Reads from a client only as much as the server can process."""

    send_seconds: ClassVar[float] = 30
    traffic: ClassVar[Traffic] = UNCOUNTED

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments that uvicorn passes to each of its protocols."""
        super().__init__(*args, **kwargs)
        self.logger = self.conn.logger = _LOGGER
        self.conn.max_message_size = _UNACKNOWLEDGED_MESSAGE_BYTES
        self._unparsed = bytearray()
        self._is_acknowledged = False
        self._is_broken = False
        self._bytes = 0
        self._messages = 0
        self._fragments = 0
        self._control_frames = float(_CONTROL_FRAMES)
        self._control_frames_at = self.loop.time()

    def connection_made(self, transport: BaseTransport) -> None:
        """Accept the connection."""
        super().connection_made(transport)
        seconds = min(self.send_seconds, _UNACKNOWLEDGED_SECONDS)
        self._stall = WriteStall(cast("Transport", transport), seconds, self.traffic.on_drop)

    def connection_lost(self, exc: Exception | None) -> None:
        """Discard unparsed data."""
        self._stall.stop()
        self._unparsed.clear()
        super().connection_lost(exc)

    def acknowledge(self) -> None:
        """Allow messages of full size: the client is authenticated."""
        self._is_acknowledged = True
        self.conn.max_message_size = self.config.ws_max_size
        self._stall = WriteStall(self.transport, self.send_seconds, self.traffic.on_drop)
        if not self.writable.is_set():
            self._stall.start()

    def data_received(self, data: bytes) -> None:
        """Parse received data, as far as the server can process it."""
        if self.transport.is_closing() and not self.close_sent:
            return
        self._unparsed += data
        self._parse()

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read."""
        super().pause_writing()
        self.transport.pause_reading()
        self._stall.start()

    def resume_writing(self) -> None:
        """Resume reading."""
        super().resume_writing()
        self._stall.stop()
        if not self.read_paused:
            self.transport.resume_reading()
        self._parse()

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next event, and continue parsing if none is left."""
        event = await super().receive()
        self._parse()
        return event

    def handle_parser_exception(self) -> None:
        """Close a connection whose client broke the protocol."""
        self._is_broken = True
        super().handle_parser_exception()

    async def send(self, message: ASGISendEvent) -> None:
        """Send a message; after a close the client's own close frame may remain to be parsed.

        Raises:
            ClientDisconnected: The connection was closed, for a client that broke the protocol too.
        """
        if self._is_broken:
            raise ClientDisconnected
        if message["type"] == "websocket.send":
            self.traffic.on_message()
        await super().send(message)
        if message["type"] == "websocket.close":
            self._parse()

    def is_ready(self) -> bool:
        """Return whether the client keeps up with what is sent."""
        return (
            self.writable.is_set()
            and self.handshake_complete
            and not self.close_sent
            and not self.transport.is_closing()
        )

    def send_at_once(self, text: bytes) -> None:
        """Send a text message to a client that is ready."""
        self.traffic.on_message()
        self.transport.write(_text_frame(text))

    def shutdown(self) -> None:
        """Close the connection, even if its client does not read."""
        super().shutdown()
        self._stall.shorten(1.0)

    def handle_connect(self, event: Request) -> None:
        """Pass the application a callback for when the client is authenticated."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: Any = self.scope["extensions"]
            extensions[ACKNOWLEDGE] = {"callback": self.acknowledge}
            extensions[SEND_AT_ONCE] = {"is_ready": self.is_ready, "send": self.send_at_once}

    def handle_cont(self, event: Frame) -> None:
        """Receive another fragment of a message."""
        self._fragments += 1
        if self._fragments > _MAX_FRAGMENTS:
            self._violated(CloseCode.MESSAGE_TOO_BIG, "Too many fragments")
            return
        super().handle_cont(event)

    def handle_text(self, event: Frame) -> None:
        """Receive a message, or its first fragment."""
        self._fragments = 1
        super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """Receive a message, or its first fragment."""
        self._fragments = 1
        super().handle_bytes(event)

    def send_receive_event_to_app(self) -> None:
        """Pass a message to the application, or close the connection if its text is not UTF-8."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                if not self.close_sent:
                    self.conn.send_close(CloseCode.INVALID_DATA)
                    self.handle_parser_exception()
                return
        self._messages += 1
        if not self._is_acknowledged and self._messages > _UNACKNOWLEDGED_MESSAGES:
            self._violated(CloseCode.POLICY_VIOLATION, "Too many messages before connection_ack")
            return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer a ping, unless there are too many."""
        if self._takes_control_frame():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Receive a pong, unless there are too many."""
        if self._takes_control_frame():
            super().handle_pong(event)

    def _parse(self) -> None:
        while self._unparsed and not self.read_paused and self.writable.is_set():
            piece = bytes(self._unparsed[:_PIECE_BYTES])
            del self._unparsed[:_PIECE_BYTES]
            self._bytes += len(piece)
            if not self._is_acknowledged and self._bytes > _UNACKNOWLEDGED_BYTES:
                self._violated(CloseCode.MESSAGE_TOO_BIG, "Too much before connection_ack")
            if self.transport.is_closing() and not self.close_sent:
                self._unparsed.clear()
                return
            super().data_received(piece)

    def _takes_control_frame(self) -> bool:
        now = self.loop.time()
        refilled = (now - self._control_frames_at) * _CONTROL_FRAMES_PER_SECOND
        self._control_frames = min(self._control_frames + refilled, float(_CONTROL_FRAMES))
        self._control_frames_at = now
        if self._control_frames < 1:
            self._violated(CloseCode.POLICY_VIOLATION, "Too many ping or pong frames")
            return False
        self._control_frames -= 1
        return True

    def _violated(self, code: CloseCode, reason: str) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.fail(code, reason)
        self.handle_parser_exception()
        self._unparsed.clear()


def _text_frame(text: bytes) -> bytes:
    """Return a complete message as a server sends it (RFC 6455, 5.2): unmasked and uncompressed."""
    length = len(text)
    if length <= _MAX_LENGTH_IN_HEAD:
        return b"\x81%c%b" % (length, text)
    if length <= _MAX_LENGTH_IN_TWO_BYTES:
        return b"\x81\x7e%b%b" % (length.to_bytes(2), text)
    return b"\x81\x7f%b%b" % (length.to_bytes(8), text)


def bounded_websockets(*, send_seconds: float, traffic: Traffic = UNCOUNTED) -> type[Any]:
    """Return the protocol class for uvicorn's ``ws``.

    Args:
        send_seconds: Seconds that a client may leave sent data unread.
        traffic: Called for what happens on the connections.
    """
    chosen = {"send_seconds": send_seconds, "traffic": traffic}
    return type("BoundedWebSocket", (BoundedWebSocketProtocol,), chosen)


def acknowledge(scope: dict[str, Any]) -> None:
    """Report that a socket's client is authenticated, if the server supports that."""
    extension = (scope.get("extensions") or {}).get(ACKNOWLEDGE)
    if extension is not None:
        callback: Callable[[], None] = extension["callback"]
        callback()
