"""The client."""

import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Any, Final, Self

import httpx

from gql_server.client.asynchronous.batches import AsyncBatches
from gql_server.client.asynchronous.catalogue import AsyncCatalogue
from gql_server.client.asynchronous.connection import AsyncConnection
from gql_server.client.asynchronous.generating import AsyncGenerating
from gql_server.client.asynchronous.images import AsyncImages
from gql_server.client.asynchronous.websocket import subscribe
from gql_server.client.errors.base import GqlServerError
from gql_server.client.options import api_key_of, server_url
from gql_server.client.retries import TemporaryError
from gql_server.client.transports import Transport
from gql_server.tls import trusted_authorities

_MUTATION: Final = re.compile(r"\bmutation\b")
_CONNECT_SECONDS: Final = 10.0


class AsyncClient(AsyncGenerating, AsyncImages, AsyncBatches, AsyncCatalogue):
    """A client of a gql_server.

    Use it as a context manager, or close it when it is no longer needed. Requests that fail
    temporarily are retried: after lost connections, restarts of the server and ``UNAVAILABLE``,
    and after ``RATE_LIMITED`` as soon as the server permits. Requests that generate images have an
    idempotency key, so that no retry is charged twice.

    Attributes:
        url: Address of the server.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: float = 120.0,
        retry_seconds: float = 60.0,
        on_retry: Callable[[GqlServerError], None] | None = None,
        on_transport: Callable[[Transport, str], None] | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: Address of the server. When omitted, GQL_SERVER_URL, or ``http://127.0.0.1:8000``.
            api_key: The API key, ``gqls_…``. When omitted, GQL_SERVER_KEY, or the content of the
                file that GQL_SERVER_KEY_FILE names; an empty text sends none.
            timeout: For how long to wait for a response, in seconds.
            retry_seconds: For how long to retry while the server is away, in seconds; 0 retries
                nothing. A server that was never there is not retried.
            on_retry: Receives each error that is retried.
            on_transport: Receives the transport that replaces another one, and why, where
                WebSockets do not pass.

        Raises:
            ValueError: The address or the key cannot be used.
        """
        self.url: Final = server_url(url)
        self._on_transport = on_transport
        self._connection = AsyncConnection(
            self.url,
            api_key_of(api_key),
            httpx.AsyncClient(
                verify=trusted_authorities(),
                timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
            ),
            tls=trusted_authorities(),
            retry_seconds=retry_seconds,
            on_retry=on_retry,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connection.http.aclose()

    async def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        is_safe: bool | None = None,
    ) -> dict[str, Any]:
        """Run a query or a mutation of your own, and return its data.

        Args:
            document: The operation.
            variables: Its variables, as JSON values.
            is_safe: Whether to repeat the request when the response was lost. By default queries
                are repeated; mutations are not. Set it for mutations with an idempotency key.

        Raises:
            RequestError: The response has ``errors``. ``userErrors`` are part of the data.
            GqlServerError: Any other error.
        """
        if is_safe is None:
            is_safe = _MUTATION.search(document) is None
        return await self._connection.run(document, variables, is_safe=is_safe)

    async def subscribe(
        self, document: str, variables: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[dict[str, Any]]:
        """Run a subscription of your own over a WebSocket, and iterate over its results' data.

        A lost connection ends it with an error: subscribe again with ``after``. ``watch_batch`` and
        ``watch_generation`` do so by themselves.

        Args:
            document: The subscription.
            variables: Its variables, as JSON values.

        Raises:
            GqlServerError: The server refused it, or the connection was lost.
        """
        try:
            async with aclosing(subscribe(self._connection, document, variables or {})) as results:
                async for data in results:
                    yield data
        except TemporaryError as failed:
            raise failed.error from failed.__cause__
