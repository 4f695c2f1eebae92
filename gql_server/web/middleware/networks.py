"""Restricting access to some networks, before anything else is done for a request."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gql_server.settings.addresses import Network, client_address


class AllowedNetworksMiddleware:
    """Answers 403 ``Forbidden`` in plain text to clients outside of some networks.

    The client is the peer of the connection; behind a trusted proxy it is the one that the proxy
    names, if uvicorn's ``ProxyHeadersMiddleware`` is outside of this.
    """

    def __init__(self, app: ASGIApp, networks: Sequence[Network]) -> None:
        """Take the application and the networks."""
        self._app = app
        self._networks: Final = tuple(networks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on requests from one of the networks."""
        if scope["type"] == "lifespan" or self._is_allowed(scope.get("client")):
            await self._app(scope, receive, send)
        else:
            response = PlainTextResponse("Forbidden", status_code=HTTPStatus.FORBIDDEN)
            await response(scope, receive, send)

    def _is_allowed(self, client: tuple[str, int] | None) -> bool:
        if client is None:
            return False
        address = client_address(client[0])
        if address is None:
            return False
        return any(address in network for network in self._networks)
