"""Refusals of requests before an application receives them."""

from collections.abc import Callable, Mapping

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from gql_server.web.bodies import RequestRefused

WriteRefusal = Callable[[RequestRefused], Response]
"""Writes a refusal in the form of one API."""

_NOT_ACCEPTED = 4403


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    refused: RequestRefused,
    *,
    by_folder: Mapping[str, WriteRefusal],
) -> None:
    """Answer a request, or the handshake of a WebSocket, with a refusal.

    Args:
        scope: The request.
        receive: As passed to an ASGI application.
        send: As passed to an ASGI application.
        refused: The reason.
        by_folder: How to write it below path prefixes, each with its slash; elsewhere it has
            GraphQL's form.
    """
    if scope["type"] == "websocket" and "websocket.http.response" not in scope["extensions"]:
        await send({"type": "websocket.close", "code": _NOT_ACCEPTED})
        return
    path: str = scope["path"]
    write = next(
        (write for folder, write in by_folder.items() if f"{path}/".startswith(folder)),
        _graphql_refusal,
    )
    await write(refused)(scope, receive, send)


def _graphql_refusal(refused: RequestRefused) -> Response:
    body = {"errors": [{"message": refused.message, "extensions": refused.extensions}]}
    return JSONResponse(body, status_code=refused.status, headers=refused.headers)
