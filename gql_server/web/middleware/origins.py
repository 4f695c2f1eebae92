"""Logging which origins' pages were refused, and how to allow them."""

from collections.abc import Collection
from typing import Final

import structlog
from cachetools import TTLCache
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gql_server.web.request_record import record_of

log = structlog.get_logger(__name__)

_LINES: Final = 20
_SECONDS: Final = 3600.0
_MAX_LENGTH: Final = 200


class RefusedOriginsMiddleware:
    """Logs each origin whose pages may not use the API: once an hour, at most 20 lines.

    Browsers report only to the page's developer that CORS failed; the log explains it to the
    operator.
    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        """Take the application, and the allowed origins, including the server's own."""
        self._app = app
        self._origins = frozenset(origins)
        self._logged: TTLCache[str, None] = TTLCache(_LINES, _SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the origin of an HTTP request, and pass it on."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and not self._is_allowed(origin, headers.get("host", "")):
                record = record_of(scope)
                if record is not None:
                    record.refused_origin = origin[:_MAX_LENGTH]
                self._log(origin[:_MAX_LENGTH])
        await self._app(scope, receive, send)

    def _is_allowed(self, origin: str, host: str) -> bool:
        return origin in self._origins or origin.partition("://")[2] == host

    def _log(self, origin: str) -> None:
        self._logged.expire()
        if origin in self._logged or len(self._logged) >= _LINES:
            return
        self._logged[origin] = None
        if origin == "null":
            hint = "a page from a file or a sandboxed frame has no origin: serve it over HTTP"
        else:
            hint = f"to let its pages use the API, add {origin} to CORS_ORIGINS"
        log.warning("origin_refused", origin=origin, hint=hint)
