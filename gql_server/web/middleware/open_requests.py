"""Requests that are being answered, and the response to those that a shutdown interrupts."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql_server.transient import STOP_RETRY_SECONDS, UNAVAILABLE
from gql_server.web.bodies import RequestRefused
from gql_server.web.refusals import WriteRefusal, refuse

log = structlog.get_logger(__name__)

_STOPPING: Final = RequestRefused(
    "The server stopped before it could answer. Send the request again, with the same idempotency "
    "key if it has one; without a key, look first whether it was carried out.",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    code=UNAVAILABLE,
    headers={"Retry-After": str(STOP_RETRY_SECONDS), "Connection": "close"},
)
_SEND_SECONDS: Final = 1.0


class OpenRequests:
    """The HTTP requests of this process without a response yet."""

    def __init__(self) -> None:
        self._unanswered: set[_OpenRequest] = set()

    def __len__(self) -> int:
        return len(self._unanswered)

    def add(self, request: "_OpenRequest") -> None:
        """Add a request."""
        self._unanswered.add(request)

    def remove(self, request: "_OpenRequest") -> None:
        """Remove a request that is answered, or over."""
        self._unanswered.discard(request)

    async def turn_away(self) -> None:
        """Answer all of them with 503, whatever they wait for."""
        waiting = tuple(self._unanswered)
        if waiting:
            log.warning("requests_interrupted", requests=len(waiting))
            await asyncio.gather(*(request.turn_away() for request in waiting))


class OpenRequestsMiddleware:
    """Tracks open requests; the outermost layer, so that nothing delays a response."""

    def __init__(
        self, app: ASGIApp, requests: OpenRequests, refusals: Mapping[str, WriteRefusal]
    ) -> None:
        """Take the application, the open requests, and the form of refusals by path prefix."""
        self._app = app
        self._requests = requests
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _OpenRequest(scope, receive, send, self._requests, self._refusals)
        self._requests.add(request)
        try:
            await self._app(scope, receive, request.send)
        except BaseException:
            if not request.was_turned_away:
                raise
        finally:
            self._requests.remove(request)


class _OpenRequest:
    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        requests: OpenRequests,
        refusals: Mapping[str, WriteRefusal],
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._requests = requests
        self._refusals = refusals
        self.was_turned_away = False

    async def send(self, message: Message) -> None:
        if self.was_turned_away:
            return
        self._requests.remove(self)
        await self._send(message)

    async def turn_away(self) -> None:
        self.was_turned_away = True
        self._requests.remove(self)
        with suppress(TimeoutError):
            async with asyncio.timeout(_SEND_SECONDS):
                await refuse(
                    self._scope, self._receive, self._send, _STOPPING, by_folder=self._refusals
                )
