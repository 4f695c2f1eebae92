"""Compressed responses, for clients that accept them."""

from typing import Final

from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type, remove_compress_type

_FROM_BYTES: Final = 1024
"""Smaller responses fit into a packet or two uncompressed."""
_ZSTD_LEVEL: Final = 1
_BROTLI_QUALITY: Final = 3
_GZIP_LEVEL: Final = 2
"""All are fast: compressing delays the other requests of the process."""

_PICTURES: Final = "/v1/images/"
"""Responses with images in base64: compressing megabytes of them would gain a quarter, and hold up
the other requests for a tenth of a second."""
_MCP: Final = "/mcp"
"""As above."""

_STREAMS: Final = ("multipart/mixed", "text/event-stream")
"""Each message of a stream must leave immediately, encoded once for all its receivers."""


class _Compression(CompressMiddleware):
    """Leaves responses to operations in the query string uncompressed.

    A page of another site can cause those, and choose names that appear in the response beside
    secrets: the length of a compressed response would reveal whether it guessed one (BREACH).
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http" and _stays_plain(scope):
            await self.app(scope, receive, send)
            return
        await super().__call__(scope, receive, send)


def _stays_plain(scope: Scope) -> bool:
    path: str = scope["path"]
    if path.startswith(_PICTURES) or path.rstrip("/") == _MCP:
        return True
    is_get_operation = path.rstrip("/") == "/graphql" and scope["method"] == "GET"
    return is_get_operation and bool(scope["query_string"])


def compression() -> Middleware:
    """Return middleware that compresses JSON and pages with zstd, Brotli or gzip.

    Clients state what they accept in ``Accept-Encoding``; without it, responses are uncompressed.
    Streams and images are never compressed.
    """
    add_compress_type("application/graphql-response+json")
    for kind in _STREAMS:
        remove_compress_type(kind)
    return Middleware(
        _Compression,
        minimum_size=_FROM_BYTES,
        zstd_level=_ZSTD_LEVEL,
        brotli_quality=_BROTLI_QUALITY,
        gzip_level=_GZIP_LEVEL,
    )
