"""Keeping a record of each request, for the metrics, the request log and the trace."""

from http import HTTPStatus
from time import perf_counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql_server.telemetry.spans import Span
from gql_server.telemetry.trace_context import current_trace
from gql_server.telemetry.tracing import is_tracing, span
from gql_server.web.request_record import RECORD, RequestRecord

_DISCONNECTED: Final = 499
"""The status of a request whose client disconnected before the response, as nginx has it."""

_STATUSES: Final = {
    "websocket.accept": HTTPStatus.SWITCHING_PROTOCOLS,
    "websocket.close": HTTPStatus.FORBIDDEN,  # before it was accepted
}


class RequestsMiddleware:
    """Counts and logs every request, refused ones included; the outermost layer."""

    def __init__(self, app: ASGIApp, *, is_logged: bool) -> None:
        """Take the application, and whether each request is a line of the log."""
        self._app = app
        self._is_logged = is_logged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        record = scope["state"][RECORD] = RequestRecord(scope, is_logged=self._is_logged)
        if not is_tracing():
            current_trace.set(record.trace)
            await self._serve(scope, receive, send, record)
            return
        about = {"http__request__method": scope.get("method"), "url__path": scope["path"]}
        with span(Span.REQUEST, record.parent, **about) as request:
            record.trace = current_trace.get() or record.trace
            try:
                request.set(
                    http__response__status_code=await self._serve(scope, receive, send, record)
                )
            finally:
                request.set(**record.attributes)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, record: RequestRecord
    ) -> int:
        """Serve a request; return the status of its response."""
        status: int = 0
        started_at: float | None = None

        async def send_observed(message: Message) -> None:
            nonlocal status, started_at
            if not status:
                status = message.get("status", 0) or _STATUSES.get(message["type"], 0)
                started_at = perf_counter()
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        except BaseException:
            status = status or HTTPStatus.INTERNAL_SERVER_ERROR
            raise
        finally:
            record.ended(status or _DISCONNECTED, started_at)
        return status or _DISCONNECTED
