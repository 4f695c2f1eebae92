"""Subscriptions over HTTP, until they are over or their session is."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, Final, cast

from graphql import GraphQLError
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from strawberry.http.streaming import JSONEncoder, MultipartSubscriptionTransport, SSETransport

from gql_server.graphql.execution.context import CallerRefused, OperationContext, ServerStopping
from gql_server.graphql.server.media_types import EVENT_STREAM

Chunks = AsyncGenerator[str, None]

_STOPPING: Final = GraphQLError(
    (
        "The server is shutting down. Subscribe again, with `after` where the "
        "subscription supports it."
    ),
    extensions={"code": "SERVER_STOPPING"},
)


class EventsTransport(SSETransport):
    """Ends lines by a line feed alone: urql finds no event where there is more."""

    def encode_event(self, event: str, data: str | None = None) -> str:
        """Write an event."""
        return super().encode_event(event, data).replace("\r\n", "\n")

    def encode_comment(self, comment: str) -> str:
        """Write what no client reads, which shows that the connection lives."""
        return super().encode_comment(comment).replace("\r\n", "\n")


def _event(body: bytes) -> str:
    return EventsTransport().encode_event("next", body.decode())


def _part(body: bytes) -> str:
    payload = b'{"payload":%b}' % body
    return MultipartSubscriptionTransport().encode_multipart_data(None, lambda _: payload.decode())


PAYLOAD_WRITERS: Final[Mapping[str, Callable[[bytes], str]]] = {
    SSETransport.protocol: _event,
    MultipartSubscriptionTransport.protocol: _part,
}
"""By protocol: what writes an answer that is encoded already."""


class StreamResponse(StreamingResponse):
    """Answers with a stream, for as long as its caller's session lasts."""

    def __init__(
        self,
        stream: Callable[[], AsyncIterator[str]],
        context: OperationContext,
        *,
        headers: Mapping[str, str],
        encode: JSONEncoder,
    ) -> None:
        """Take the stream.

        Args:
            stream: Yields what is sent, in the form that the headers say.
            context: The caller's, who subscribes.
            headers: The response's.
            encode: Writes JSON.
        """
        self._stream = stream
        self._context = context
        self._encode = encode
        self._is_events = headers["Content-Type"].startswith(EVENT_STREAM)
        self._chunks = self._until_session_ends()
        super().__init__(self._chunks, status_code=HTTPStatus.OK, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; what makes it ends with the response, however that ends."""
        async with aclosing(self._chunks):
            await super().__call__(scope, receive, send)

    async def _until_session_ends(self) -> Chunks:
        life = _Life()
        has_started = False
        with self._context.session(life.end):
            async with aclosing(cast("Chunks", self._stream())) as chunks:
                while life.ended is None:
                    chunk = await life.next(chunks)
                    if chunk is not None:
                        has_started = True
                        yield chunk
                    elif life.ended is None:
                        return
        if self._is_events:
            yield _last_events(life.ended, self._encode)
        else:
            yield _last_part(life.ended, self._encode, has_started=has_started)


class _Life:
    """A wait for the next chunk that can be ended from outside."""

    def __init__(self) -> None:
        self.ended: CallerRefused | ServerStopping | None = None
        self._waiting: asyncio.Timeout | None = None

    def end(self, reason: CallerRefused | ServerStopping) -> None:
        self.ended = reason
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())

    async def next(self, chunks: Chunks) -> str | None:
        """Wait for the next chunk; None: there is none, or the wait was ended."""
        try:
            async with asyncio.timeout(None) as self._waiting:
                return await anext(chunks, None)
        except TimeoutError:
            if self.ended is None:
                raise
            return None
        finally:
            self._waiting = None


def _last_events(reason: CallerRefused | ServerStopping, encode: JSONEncoder) -> str:
    """Write the last of graphql-sse's events.

    It has none for a server that stops: a stream that ends without ``complete`` is not over, and
    its client comes back.
    """
    if isinstance(reason, ServerStopping):
        return ""
    transport = EventsTransport()
    last = transport.encode_event("next", encode(_errors(reason)))
    return last + transport.encode_complete()


def _last_part(
    reason: CallerRefused | ServerStopping, encode: JSONEncoder, *, has_started: bool
) -> str:
    """Write the last part that Apollo's clients take: an error of the transport."""
    transport = MultipartSubscriptionTransport()
    begin = "" if has_started else f"--{transport.separator}"
    last = transport.encode_multipart_data({"payload": None, **_errors(reason)}, encode)
    return f"{begin}{last}--\r\n"


def _errors(reason: CallerRefused | ServerStopping) -> dict[str, Any]:
    if isinstance(reason, ServerStopping):
        return {"errors": [_STOPPING.formatted]}
    error = GraphQLError(reason.message, extensions={"code": "UNAUTHENTICATED"})
    return {"errors": [error.formatted]}
