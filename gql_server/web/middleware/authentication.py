"""Authentication of callers, before a request's body is read."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from gql_server.access.authentication import Authentication, basic_password, bearer_token
from gql_server.access.tokens import ProviderUnavailable
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain.errors import Unauthenticated
from gql_server.transient import DATABASE_RETRY_SECONDS, UNAVAILABLE
from gql_server.web.bodies import RequestRefused
from gql_server.web.headers import header_of
from gql_server.web.refusals import WriteRefusal, refuse

_OPEN_PATHS: Final = {"/", "/docs", "/health", "/ready", "/studio", "/studio.json"}
_OPEN_FOLDERS: Final = ("/images/", "/assets/", "/docs/", "/studio/")
"""URLs of images are signed where callers must authenticate; assets, the documentation and the
studio's page hold no secret."""

_DESCRIPTIONS: Final = {"/api/docs", "/api/openapi.json", "/v1/docs", "/v1/openapi.json"}
_DESCRIPTION_FOLDERS: Final = ("/api/docs/", "/v1/docs/")
"""The OpenAPI descriptions, and their pages."""

_PLAYGROUND: Final = ("/graphql", "/graphql/")
_BASIC: Final = 'Basic realm="any name, and an API key of an admin", charset="UTF-8"'

IsPage = Callable[[str, str, Iterable[str]], bool]
"""Returns, from the method, the Accept header and the query names, whether a page is requested
and certainly no operation."""

log = structlog.get_logger(__name__)


class AuthenticationMiddleware:
    """Sets the state ``principal`` of every request and every WebSocket, or answers 401.

    It is None without authentication: on open paths, and on WebSockets without the header, which
    authenticate by ``connection_init``. Everything else requires a valid key, including unknown
    paths. The playground's page is open: it asks for the key itself. The OpenAPI descriptions
    accept an admin's key as a password, which browsers ask for; nothing else does, because
    browsers send it along unasked.
    """

    def __init__(
        self,
        app: ASGIApp,
        is_page: IsPage,
        *,
        description_is_open: bool,
        refusals: Mapping[str, WriteRefusal] | None = None,
    ) -> None:
        """Take the application; the lifespan's state has the ``authentication``.

        Args:
            app: The application.
            is_page: Returns whether the playground's page is requested.
            description_is_open: Whether the OpenAPI descriptions are public, or for admins.
            refusals: How to write refusals below path prefixes; elsewhere as GraphQL does.
        """
        self._app = app
        self._is_page = is_page
        self._description_is_open = description_is_open
        self._refusals = dict(refusals or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on authenticated requests."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        authentication: Authentication = scope["state"]["authentication"]
        header = header_of(scope, b"authorization")
        token = bearer_token(header)
        is_page = _is_description_request(scope)
        if is_page and token is None:
            token = basic_password(header)
        scope["state"]["principal"] = None
        if not authentication.is_required or not self._may_be_unknown(
            scope, token, is_page=is_page
        ):
            try:
                principal = await authentication.authenticate(token)
                if is_page and not principal.is_admin:
                    raise Unauthenticated("This page is for admins.")
                scope["state"]["principal"] = principal
            except Unauthenticated as error:
                challenge = _BASIC if is_page else "Bearer"
                refused = _unauthenticated(error, challenge)
                await refuse(scope, receive, send, refused, by_folder=self._refusals)
                return
            except (DatabaseUnavailable, ProviderUnavailable) as error:
                log.warning("authentication_unavailable", reason=repr(error))
                await refuse(scope, receive, send, _unavailable(), by_folder=self._refusals)
                return
        await self._app(scope, receive, send)

    def _may_be_unknown(self, scope: Scope, token: str | None, *, is_page: bool) -> bool:
        if scope["type"] == "websocket":
            return token is None
        path: str = scope["path"]
        return (
            path in _OPEN_PATHS
            or path.startswith(_OPEN_FOLDERS)
            or (is_page and self._description_is_open)
            or self._is_playground_request(scope)
        )

    def _is_playground_request(self, scope: Scope) -> bool:
        if scope["path"] not in _PLAYGROUND:
            return False
        request = Request(scope)
        accept = request.headers.get("accept", "")
        return self._is_page(request.method, accept, request.query_params)


def _is_description_request(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return False
    path: str = scope["path"]
    return path in _DESCRIPTIONS or path.startswith(_DESCRIPTION_FOLDERS)


def _unauthenticated(error: Unauthenticated, challenge: str) -> RequestRefused:
    return RequestRefused(
        error.message,
        status=HTTPStatus.UNAUTHORIZED,
        code="UNAUTHENTICATED",
        headers={"WWW-Authenticate": challenge},
    )


def _unavailable() -> RequestRefused:
    return RequestRefused(
        "Authentication is temporarily unavailable. Try again in a moment.",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code=UNAVAILABLE,
        headers={"Retry-After": str(DATABASE_RETRY_SECONDS)},
    )
