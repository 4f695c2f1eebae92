"""What threads do otherwise than asyncio: ``asynchronous/network.py`` has the same functions."""

import ssl
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

Socket = ClientConnection

_PROTOCOL: Final = Subprotocol("graphql-transport-ws")
_OPEN_SECONDS: Final = 15
_MAX_BYTES: Final = 64 * 1024 * 1024


def open_socket(
    url: str, headers: Mapping[str, str], tls: ssl.SSLContext | None
) -> AbstractContextManager[Socket]:
    """Open a WebSocket, for the length of a block."""
    return connect(
        url,
        ssl=tls,
        subprotocols=[_PROTOCOL],
        additional_headers=headers,
        open_timeout=_OPEN_SECONDS,
        max_size=_MAX_BYTES,
    )


def receive(socket: Socket, seconds: float) -> str | bytes:
    """Return the next message.

    Raises:
        TimeoutError: None came in this time.
    """
    return socket.recv(timeout=seconds)


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)
