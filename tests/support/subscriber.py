"""A client of graphql-transport-ws, as strict as the protocol."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.waiting import WAIT_SECONDS

PROTOCOL = Subprotocol("graphql-transport-ws")


class Subscriber:
    """An open socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        """Send a message."""
        await self.socket.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        """Wait for the next message, which must be text."""
        async with asyncio.timeout(WAIT_SECONDS):
            data = await self.socket.recv()
        assert isinstance(data, str)
        message: dict[str, Any] = json.loads(data)
        return message

    async def subscribe(self, query: str, name: str = "1", **variables: Any) -> None:
        """Start an operation."""
        payload = {"query": query, "variables": variables}
        await self.send(type="subscribe", id=name, payload=payload)

    async def next(self, name: str = "1") -> dict[str, Any]:
        """Wait for the operation's next result, which must be without errors; return its data."""
        message = await self.receive()
        assert (message["type"], message["id"]) == ("next", name), message
        assert "errors" not in message["payload"], message
        data: dict[str, Any] = message["payload"]["data"]
        return data

    async def settled(self) -> None:
        """Wait until the server has read what was sent before."""
        await self.send(type="ping")
        assert await self.receive() == {"type": "pong"}

    async def closed(self) -> int | None:
        """Wait until the server has closed the socket; return its code."""
        async with asyncio.timeout(WAIT_SECONDS):
            await self.socket.wait_closed()
        return self.socket.close_code


@asynccontextmanager
async def open_socket(url: str, **options: Any) -> AsyncIterator[Subscriber]:
    """Open a socket to a server, without any message."""
    address = f"ws{url.removeprefix('http')}/graphql"
    options = {"subprotocols": [PROTOCOL], "compression": None, **options}
    async with connect(address, **options) as socket:
        yield Subscriber(socket)


@asynccontextmanager
async def subscriber(url: str, **options: Any) -> AsyncIterator[Subscriber]:
    """Open a socket to a server, which acknowledges it."""
    async with open_socket(url, **options) as client:
        await client.send(type="connection_init", payload={})
        assert await client.receive() == {"type": "connection_ack"}
        yield client
