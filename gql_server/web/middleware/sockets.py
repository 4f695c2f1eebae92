"""How many WebSockets one client address may have open."""

from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gql_server.access.connection_counts import ConnectionCounts
from gql_server.web.bodies import RequestRefused
from gql_server.web.refusals import refuse


class WebSocketsMiddleware:
    """Refuses a WebSocket to an address that has as many as it may have.

    It counts from the handshake on, whether or not anybody says who they are. Behind a trusted
    proxy the address is whom that names, when uvicorn's ``ProxyHeadersMiddleware`` stands outside.
    """

    def __init__(self, app: ASGIApp, per_address: int) -> None:
        """Take the application, and how many an address may have in this process."""
        self._app = app
        self._open: Final = ConnectionCounts(per_address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass a socket while there is room for it."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        address = client[0] if client is not None else ""
        if not self._open.add(address):
            refused = RequestRefused(
                f"Your address has reached the maximum number of WebSockets: {self._open.limit}.",
                status=HTTPStatus.TOO_MANY_REQUESTS,
                code="TOO_MANY_CONNECTIONS",
                headers={"Retry-After": "10"},
            )
            await refuse(scope, receive, send, refused, by_folder={})
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._open.remove(address)
