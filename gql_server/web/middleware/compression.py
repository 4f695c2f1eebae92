"""Compressed answers, for clients that take them."""

from typing import Final

from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type, remove_compress_type

_FROM_BYTES: Final = 1024
"""Smaller answers fit into a packet or two as they are."""
_ZSTD_LEVEL: Final = 1
_BROTLI_QUALITY: Final = 3
_GZIP_LEVEL: Final = 2
"""Each is quick: compressing holds up the other requests of the process."""

_STREAMS: Final = ("multipart/mixed", "text/event-stream")
"""Each message of a stream must leave at once, encoded once for all who get it."""


class _Compression(CompressMiddleware):
    """Leaves answers to operations in addresses as they are.

    A page of another site can cause those, and choose names that stand in the answer beside
    secrets: the length of a compressed answer would tell it whether it guessed one (BREACH).
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        is_get = scope["type"] == "http" and scope["method"] == "GET"
        if is_get and scope["query_string"] and scope["path"].rstrip("/") == "/graphql":
            await self.app(scope, receive, send)
            return
        await super().__call__(scope, receive, send)


def compression() -> Middleware:
    """Return what compresses JSON and pages in zstd, Brotli or gzip; streams and pictures are not.

    What a client accepts is in its ``Accept-Encoding``; without that, answers leave as they are.
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
