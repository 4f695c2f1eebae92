"""The way into the REST API, which is imported and built when the first request arrives.

FastAPI takes a fifth of the time that a server needs to start, and many servers are asked by
GraphQL alone.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER: Final = "/api/"
"""Every path beneath it is answered by REST."""


@dataclass(frozen=True, slots=True)
class BodyBounds:
    """What a body may have.

    Attributes:
        max_bytes: Its bytes.
        seconds: How long it may take to come.
    """

    max_bytes: int = 8 * 1024 * 1024
    seconds: float = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOptions:
    """What an operator decides about REST.

    Attributes:
        bounds: What a body may have.
        requires_auth: Whether callers need an API key.
        shows_description: Whether /api/openapi.json and /api/docs describe the API.
        public_path: The path of PUBLIC_URL, which a proxy takes off: `/ai`, or empty.
    """

    bounds: BodyBounds = field(default_factory=BodyBounds)
    requires_auth: bool = False
    shows_description: bool = True
    public_path: str = ""


class RestEntrance:
    """An ASGI application that passes each request on to the REST application."""

    def __init__(self, options: RestOptions) -> None:
        self._options = options
        self._application: ASGIApp | None = None
        self._building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        await (self._application or await self._built())(scope, receive, send)

    async def _built(self) -> ASGIApp:
        async with self._building:
            if self._application is None:
                # In a thread: other requests are served meanwhile.
                self._application = await asyncio.to_thread(_build, self._options)
            return self._application


def _build(options: RestOptions) -> ASGIApp:
    from gql_server.rest.application import rest_application  # noqa: PLC0415 - see above

    return rest_application(options)
