"""Headers that restrict browsers and caches, unless a response sets its own."""

from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    # Responses not marked as cacheable are private.
    (b"cache-control", b"private, no-store"),
    # No page of another origin may embed a response, even without reading it.
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
)
_TRANSPORT_SECURITY: Final = (b"strict-transport-security", b"max-age=31536000")
_NAMES: Final = frozenset(name for name, _ in (*_HEADERS, _TRANSPORT_SECURITY))


class SecurityHeaders:
    """Adds the headers to each response that does not set them itself."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._headers = (*_HEADERS, _TRANSPORT_SECURITY) if is_https else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(message, self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _add(message: Message, headers: Sequence[tuple[bytes, bytes]]) -> None:
    present = message.setdefault("headers", [])
    names = {name.lower() for name, _ in present}
    if not names.isdisjoint(_NAMES):
        headers = [header for header in headers if header[0] not in names]
    message["headers"] = [*present, *headers]
