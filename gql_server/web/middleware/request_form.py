"""Refusing requests that are ambiguous, or in a form that this server does not read."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gql_server.web.bodies import RequestRefused
from gql_server.web.refusals import WriteRefusal, refuse

_PLAIN: Final = {b"", b"identity"}


class RequestFormMiddleware:
    """Answers 400 to two ``Host`` headers, and 415 to a compressed body.

    Two names would let a proxy and this server take a request for different hosts. A compressed
    body could become a thousand times as long.
    """

    def __init__(self, app: ASGIApp, *, refusals: Mapping[str, WriteRefusal] | None = None) -> None:
        """Take the application, and the form of refusals by path prefix."""
        self._app = app
        self._refusals = dict(refusals or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on unambiguous requests."""
        refused = _refusal(scope) if scope["type"] in {"http", "websocket"} else None
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await refuse(scope, receive, send, refused, by_folder=self._refusals)


def _refusal(scope: Scope) -> RequestRefused | None:
    hosts = 0
    for name, value in scope["headers"]:
        if name == b"host":
            hosts += 1
        elif name == b"content-encoding" and value.strip().lower() not in _PLAIN:
            return RequestRefused(
                "Compressed bodies are not supported. Send the body without Content-Encoding.",
                status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                code="UNSUPPORTED_CONTENT_ENCODING",
                headers={"Accept-Encoding": "identity"},
            )
    if hosts > 1:
        return RequestRefused("The request has several Host headers. Send one.")
    return None
