"""One subscription over one WebSocket: graphql-transport-ws, as far as a client needs it."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.frames import Close

from gql_server.client.asynchronous import network
from gql_server.client.asynchronous.connection import AsyncConnection
from gql_server.client.errors.base import GqlServerError, ServerUnreachable
from gql_server.client.errors.requests import RequestError, Unauthenticated
from gql_server.client.responses import (
    graphql_error,
    is_temporary,
    lost_connection,
    parsed_message,
    result_data,
)
from gql_server.client.retries import Attempt, TemporaryError, TransportBlocked

_ANSWER_SECONDS: Final = 15
_REFUSALS: Final = range(4400, 4500)
"""Close codes of the protocol for errors of the client."""

_UNAUTHENTICATED: Final = frozenset({4401, 4403})


async def subscribe(
    connection: AsyncConnection, document: str, variables: Mapping[str, Any]
) -> AsyncGenerator[dict[str, Any]]:
    """Yield the data of each result, until the server says that there are no more.

    Raises:
        TemporaryError: The connection could not be made, or broke.
        TransportBlocked: WebSockets do not pass.
        GqlServerError: The server will not serve this operation to this caller.
    """
    url = f"{connection.url}/graphql".replace("http", "ws", 1)
    try:
        async with network.open_socket(url, connection.headers, connection.tls(url)) as socket:
            connection.reached()
            await _begin(socket, document, variables)
            async with aclosing(_results(socket)) as results:
                async for data in results:
                    yield data
    except (OSError, TimeoutError, WebSocketException) as error:
        raise _translated(error) from error


async def _results(socket: network.Socket) -> AsyncGenerator[dict[str, Any]]:
    async for text in socket:
        message = parsed_message(text)
        match message["type"]:
            case "next":
                yield result_data(message["payload"])
            case "error":
                raise graphql_error(message["payload"])
            case "complete":
                return
            case "ping":
                await socket.send(json.dumps({"type": "pong"}))
    raise TemporaryError(ServerUnreachable("it closed the connection"), Attempt.LOST)


async def _begin(socket: network.Socket, document: str, variables: Mapping[str, Any]) -> None:
    await socket.send(json.dumps({"type": "connection_init"}))
    while True:
        message = parsed_message(await network.receive(socket, _ANSWER_SECONDS))
        if message["type"] == "connection_ack":
            break
    payload = {"query": document, "variables": dict(variables)}
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))


def _translated(error: Exception) -> GqlServerError | TemporaryError:
    match error:
        case InvalidStatus(response=response) if not is_temporary(response.status_code):
            # Also 401 and 403: where the server does not know the caller, HTTP says so as well.
            status = response.status_code
            return TransportBlocked(ServerUnreachable(f"it refuses a WebSocket with {status}"))
        case ConnectionClosed(rcvd=Close(code=code, reason=reason)) if code in _REFUSALS:
            said = reason or f"The server closed the WebSocket with {code}."
            if code in _UNAUTHENTICATED:
                return Unauthenticated(said, code="UNAUTHENTICATED")
            return RequestError(said)
    is_unanswered = isinstance(error, OSError)
    return lost_connection(error, Attempt.NOT_CONNECTED if is_unanswered else Attempt.LOST)
