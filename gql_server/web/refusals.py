"""Refusals of what is not let in, before an application hears of it."""

from collections.abc import Callable, Mapping

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from gql_server.web.bodies import RequestRefused

WriteRefusal = Callable[[RequestRefused], Response]
"""Writes a refusal as the clients of one API know it."""

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
        scope: What is refused.
        receive: As an ASGI application has it.
        send: Likewise.
        refused: Why.
        by_folder: How to write it in folders, each with its slash; elsewhere it is as GraphQL's.
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
