"""Limiting the open WebSockets of a client address."""

from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gql_server.access.connection_counts import ConnectionCounts
from gql_server.web.bodies import RequestRefused
from gql_server.web.refusals import refuse


class WebSocketsMiddleware:
    """Refuses a WebSocket to an address that has reached its maximum.

    It counts from the handshake on, before authentication. Behind a trusted proxy the address is
    the one that the proxy names, if uvicorn's ``ProxyHeadersMiddleware`` is outside of this.
    """

    def __init__(self, app: ASGIApp, per_address: int) -> None:
        """Take the application, and the maximum per address in this process."""
        self._app = app
        self._open: Final = ConnectionCounts(per_address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a socket while the maximum is not reached."""
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
