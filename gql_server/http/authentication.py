"""Asks who asks, before a request's body is read."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gql_server.access.authentication import Authentication, bearer_token
from gql_server.access.oidc import ProviderUnavailable
from gql_server.database.engine import DatabaseUnavailable
from gql_server.domain.errors import Unauthenticated

_OPEN_PATHS: Final = {"/", "/health", "/ready"}
_OPEN_FOLDER: Final = "/images/"
"""Its addresses are signed where anybody is asked who they are."""

_PLAYGROUND: Final = "/graphql"

IsPage = Callable[[str, str, Iterable[str]], bool]
"""Tells by the method, the Accept header and the names in the address whether a page is asked for,
and surely no operation."""

log = structlog.get_logger(__name__)


class AuthenticationMiddleware:
    """Sets the state ``principal`` of every request and every WebSocket, or answers 401.

    It is None where nobody was asked: on open paths, for the playground's page, and on WebSockets
    without the header, whose ``connection_init`` tells it. Everything else needs a good key, paths
    too that there are not.
    """

    def __init__(self, app: ASGIApp, is_page: IsPage) -> None:
        """Take the application; the lifespan's state has the ``authentication``."""
        self._app = app
        self._is_page = is_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass whoever is known."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        authentication: Authentication = scope["state"]["authentication"]
        token = bearer_token(HTTPConnection(scope).headers.get("authorization"))
        scope["state"]["principal"] = None
        if not authentication.asks or not self._may_be_unknown(scope, token):
            try:
                scope["state"]["principal"] = await authentication.authenticate(token)
            except Unauthenticated as error:
                await _refuse(scope, receive, send, _unauthenticated(error))
                return
            except (DatabaseUnavailable, ProviderUnavailable) as error:
                log.warning("authentication_unavailable", reason=repr(error))
                await _refuse(scope, receive, send, _unavailable())
                return
        await self._app(scope, receive, send)

    def _may_be_unknown(self, scope: Scope, token: str | None) -> bool:
        if scope["type"] == "websocket":
            return token is None
        path: str = scope["path"]
        if path == _PLAYGROUND:
            request = Request(scope)
            accept = request.headers.get("accept", "")
            return self._is_page(request.method, accept, request.query_params)
        return path in _OPEN_PATHS or path.startswith(_OPEN_FOLDER)


async def _refuse(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in scope["extensions"]:
        await send({"type": "websocket.close", "code": 4403})
        return
    await response(scope, receive, send)


def _unauthenticated(error: Unauthenticated) -> Response:
    return _response(
        HTTPStatus.UNAUTHORIZED, error.message, "UNAUTHENTICATED", {"WWW-Authenticate": "Bearer"}
    )


def _unavailable() -> Response:
    message = "It cannot be found out just now who you are. Try again in a moment."
    return _response(HTTPStatus.SERVICE_UNAVAILABLE, message, "INTERNAL", {"Retry-After": "1"})


def _response(status: HTTPStatus, message: str, code: str, headers: dict[str, str]) -> Response:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(body, status_code=status, headers=headers)
