"""The way into the MCP server, which is imported and built when the first request arrives.

The official SDK is an optional dependency, and importing it takes as long as the rest of the
server's start.
"""

import asyncio
from http import HTTPStatus
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql_server.mcp.options import McpOptions
from gql_server.mcp.refusals import not_json, refusal
from gql_server.web.bodies import RequestRefused, parse_json, read_body
from gql_server.web.headers import header_of

_SDK: Final = "mcp"


class McpEntrance:
    """An ASGI application that checks each request and passes it on to the MCP server.

    Every request is complete in itself: there are no sessions, so that any process can serve it.
    """

    def __init__(self, options: McpOptions) -> None:
        self._options = options
        self._application: ASGIApp | None = None
        self._building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        request = Request(scope, receive)
        try:
            self._check(request)
            bounds = self._options.bounds
            body = await read_body(request, max_bytes=bounds.max_bytes, seconds=bounds.seconds)
            application = self._application or await self._built()
        except RequestRefused as refused:
            await refusal(refused)(scope, receive, send)
            return
        try:
            parse_json(body)
        except RequestRefused as refused:
            await not_json(refused)(scope, receive, send)
            return
        await application(scope, _replayed(body, receive), send)

    def _check(self, request: Request) -> None:
        if request.method != "POST":
            raise RequestRefused(
                f"{request.method} is not allowed here. MCP messages are sent with POST; this "
                "server has no sessions and sends nothing unasked.",
                status=HTTPStatus.METHOD_NOT_ALLOWED,
                code="METHOD_NOT_ALLOWED",
                headers={"Allow": "POST"},
            )
        origin = header_of(request.scope, b"origin")
        if origin is not None and not self._is_allowed(origin, request.headers.get("host", "")):
            raise RequestRefused(
                "Pages of this origin may not use the server. If they should, the operator adds "
                "the origin to CORS_ORIGINS.",
                status=HTTPStatus.FORBIDDEN,
                code="ORIGIN_NOT_ALLOWED",
            )

    def _is_allowed(self, origin: str, host: str) -> bool:
        allowed = self._options.origins
        return "*" in allowed or origin in allowed or urlsplit(origin).netloc == host

    async def _built(self) -> ASGIApp:
        async with self._building:
            if self._application is None:
                if find_spec(_SDK) is None:
                    raise RequestRefused(
                        "MCP is not installed on this server. The operator installs it with: "
                        'pip install "gql-server[mcp]"',
                        status=HTTPStatus.NOT_IMPLEMENTED,
                        code="NOT_INSTALLED",
                    )
                # In a thread: other requests are served meanwhile.
                self._application = await asyncio.to_thread(_build, self._options)
            return self._application


def _build(options: McpOptions) -> ASGIApp:
    from gql_server.mcp.application import mcp_application  # noqa: PLC0415 - see above

    return mcp_application(options)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that returns a body that was read already, and then what follows."""
    is_sent = False

    async def replay() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
