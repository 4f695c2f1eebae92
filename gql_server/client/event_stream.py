"""One subscription over HTTP as server-sent events, where WebSockets do not pass."""

import json
from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from typing import Any, Final

import httpx
from httpx_sse import aconnect_sse

from gql_server.client.errors import WayBlocked, graphql_error, is_transient, result_data
from gql_server.client.retry_policy import ConnectionLost

_EVENT_STREAM: Final = "text/event-stream"
_SILENCE_SECONDS: Final = 45.0
"""Three signs of life of the server: whatever is silent for longer holds them back."""

_CONNECT_SECONDS: Final = 10.0


async def subscribe_to_events(
    http: httpx.AsyncClient,
    url: str,
    query: str,
    variables: Mapping[str, Any],
    *,
    headers: Mapping[str, str],
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the data of each result, until the server says that there are no more.

    Args:
        http: Sends the request.
        url: The address of the GraphQL endpoint.
        query: The operation.
        variables: Its variables.
        headers: Sent with the request.

    Raises:
        ConnectionLost: The connection could not be made, or broke.
        WayBlocked: No event comes through.
        ServerRefused: The server will not serve this operation to this caller.
    """
    body = {"query": query, "variables": dict(variables)}
    timeout = httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS)
    try:
        async with aconnect_sse(
            http, "POST", url, json=body, headers=dict(headers), timeout=timeout
        ) as source:
            await _check(source.response)
            async for event in source.aiter_sse():
                match event.event:
                    case "next":
                        yield result_data(json.loads(event.data))
                    case "complete":
                        return
    except httpx.ReadTimeout as error:
        raise WayBlocked(f"it was silent for {_SILENCE_SECONDS:g} seconds") from error
    except (httpx.HTTPError, ValueError) as error:
        raise ConnectionLost(str(error) or type(error).__name__) from error
    raise ConnectionLost("the event stream ended before the batch did")


async def _check(response: httpx.Response) -> None:
    kind = response.headers.get("Content-Type", "")
    if response.status_code == HTTPStatus.OK and kind.startswith(_EVENT_STREAM):
        return
    if is_transient(response.status_code):
        raise ConnectionLost(f"it answers {response.status_code}")
    try:
        answer = json.loads(await response.aread())
    except ValueError:
        answer = None
    if isinstance(answer, dict) and answer.get("errors"):
        raise graphql_error(answer["errors"])
    raise WayBlocked(f"it answers {response.status_code} and no event stream")
