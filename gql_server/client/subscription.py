"""One subscription over one WebSocket: graphql-transport-ws, as far as a client needs it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.frames import Close
from websockets.typing import Subprotocol

from gql_server.client.errors import (
    ServerRefused,
    WayBlocked,
    graphql_error,
    is_transient,
    result_data,
)
from gql_server.client.retry_policy import ConnectionLost

_PROTOCOL: Final = Subprotocol("graphql-transport-ws")
_ANSWER_SECONDS: Final = 15
_MAX_BYTES: Final = 64 * 1024 * 1024
_REFUSALS: Final = range(4400, 4500)
"""Close codes of the protocol for errors of the client."""


async def subscribe(
    url: str, query: str, variables: Mapping[str, Any], *, headers: Mapping[str, str]
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the data of each result, until the server says that there are no more.

    Args:
        url: The address, ``ws://…`` or ``wss://…``.
        query: The operation.
        variables: Its variables.
        headers: Sent with the handshake.

    Raises:
        ConnectionLost: The connection could not be made, or broke.
        WayBlocked: No WebSocket comes through.
        ServerRefused: The server will not serve this operation to this caller.
    """
    try:
        async with connect(
            url,
            subprotocols=[_PROTOCOL],
            additional_headers=headers,
            open_timeout=_ANSWER_SECONDS,
            max_size=_MAX_BYTES,
        ) as socket:
            await _begin(socket, query, variables)
            async with aclosing(_results(socket)) as results:
                async for data in results:
                    yield data
    except (OSError, TimeoutError, WebSocketException) as error:
        raise _translated(error) from error


async def _results(socket: ClientConnection) -> AsyncGenerator[dict[str, Any], None]:
    async for text in socket:
        message = _message(text)
        match message["type"]:
            case "next":
                yield result_data(message["payload"])
            case "error":
                raise graphql_error(message["payload"])
            case "complete":
                return
            case "ping":
                await socket.send(json.dumps({"type": "pong"}))
    raise ConnectionLost("it closed the connection")


async def _begin(socket: ClientConnection, query: str, variables: Mapping[str, Any]) -> None:
    await socket.send(json.dumps({"type": "connection_init"}))
    async with asyncio.timeout(_ANSWER_SECONDS):
        while _message(await socket.recv())["type"] != "connection_ack":
            pass
    payload = {"query": query, "variables": dict(variables)}
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))


def _message(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict) or "type" not in message:
        raise ServerRefused("The server does not support graphql-transport-ws.")
    return message


def _translated(error: Exception) -> ServerRefused | ConnectionLost:
    match error:
        case InvalidStatus(response=response) if not is_transient(response.status_code):
            # Also 401 and 403: where the server does not know the caller, HTTP says so as well.
            return WayBlocked(f"it refuses a WebSocket with {response.status_code}")
        case ConnectionClosed(rcvd=Close(code=code, reason=reason)) if code in _REFUSALS:
            return ServerRefused(reason or f"The server closed the WebSocket with {code}.")
    return ConnectionLost(str(error) or type(error).__name__)
