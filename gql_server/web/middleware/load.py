"""Refusing requests while the process works on as many as it can."""

from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql_server.web.bodies import RequestRefused
from gql_server.web.load import Load
from gql_server.web.refusals import WriteRefusal, refuse

_PROBES: Final = frozenset({"/health", "/ready", "/metrics"})
"""They are answered under load, too: a busy process must not be taken for a dead one."""


class LoadMiddleware:
    """Refuses requests beyond the limits with 503, before they cost anything.

    It belongs outside of authentication, which reads the database.
    """

    def __init__(self, app: ASGIApp, load: Load, refusals: Mapping[str, WriteRefusal]) -> None:
        """Take the application, the load, and the form of refusals by path prefix."""
        self._app = app
        self._load = load
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        try:
            place = self._load.enter()
        except RequestRefused as refused:
            await refuse(scope, receive, send, refused, by_folder=self._refusals)
            return
        held = 0

        async def receive_counted() -> Message:
            nonlocal held
            message = await receive()
            if size := len(message.get("body", b"")):
                self._load.add_bytes(size, held=held)
                held += size
            return message

        async def send_observed(message: Message) -> None:
            place.leave()
            await send(message)

        try:
            await self._app(scope, receive_counted, send_observed)
        finally:
            place.leave()
            self._load.remove_bytes(held)
