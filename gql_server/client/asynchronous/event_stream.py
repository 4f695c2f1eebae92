"""One subscription over HTTP as server-sent events, where WebSockets do not pass."""

import json
from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from typing import Any, Final

import httpx
from httpx_sse import aconnect_sse

from gql_server.client.asynchronous.connection import AsyncConnection
from gql_server.client.errors.base import GqlServerError, ServerUnreachable
from gql_server.client.responses import (
    is_temporary,
    lost_connection,
    response_data,
    result_data,
    status_error,
)
from gql_server.client.retries import Attempt, TemporaryError, TransportBlocked

_EVENT_STREAM: Final = "text/event-stream"
_SILENCE_SECONDS: Final = 45.0
"""Three signs of life of the server: whatever is silent for longer holds them back."""

_CONNECT_SECONDS: Final = 10.0


async def subscribe_to_events(
    connection: AsyncConnection, document: str, variables: Mapping[str, Any]
) -> AsyncGenerator[dict[str, Any]]:
    """Yield the data of each result, until the server says that there are no more.

    Raises:
        TemporaryError: The connection could not be made, or broke.
        TransportBlocked: No event passes.
        GqlServerError: The server will not serve this operation to this caller.
    """
    url, body = f"{connection.url}/graphql", {"query": document, "variables": dict(variables)}
    headers = dict(connection.headers)  # its own: httpx_sse adds to it
    timeout = httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS)
    try:
        async with aconnect_sse(
            connection.http, "POST", url, json=body, headers=headers, timeout=timeout
        ) as source:
            await _check(source.response)
            async for event in source.aiter_sse():
                match event.event:
                    case "next":
                        yield result_data(json.loads(event.data))
                    case "complete":
                        return
    except httpx.ReadTimeout as error:
        silent = f"it was silent for {_SILENCE_SECONDS:g} seconds"
        raise TransportBlocked(ServerUnreachable(silent)) from error
    except (httpx.HTTPError, ValueError) as error:
        raise lost_connection(error) from error
    raise TemporaryError(ServerUnreachable("the event stream ended early"), Attempt.LOST)


async def _check(response: httpx.Response) -> None:
    kind = response.headers.get("Content-Type", "")
    if response.status_code == HTTPStatus.OK and kind.startswith(_EVENT_STREAM):
        return
    if is_temporary(response.status_code):
        raise status_error(response)
    await response.aread()
    try:
        response_data(response)
    except GqlServerError as error:
        if error.code is not None:
            raise
    refused = f"it answers {response.status_code} and no event stream"
    raise TransportBlocked(ServerUnreachable(refused))
