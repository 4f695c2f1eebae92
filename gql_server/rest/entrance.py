"""The way into the REST API, which is imported and built when the first request arrives.

Importing FastAPI takes a fifth of the server's startup time, and many servers receive GraphQL
requests only.
"""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from gql_server.rest.options import RestOptions


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
