"""Watching across lost connections, restarts of the server, and what lets no WebSocket pass."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final, TypeVar

from gql_server.client.asynchronous import network
from gql_server.client.asynchronous.connection import AsyncConnection
from gql_server.client.asynchronous.event_stream import subscribe_to_events
from gql_server.client.asynchronous.websocket import subscribe
from gql_server.client.errors.base import ServerUnreachable
from gql_server.client.results.base import Result
from gql_server.client.retries import Attempt, Retries, TemporaryError, TransportBlocked
from gql_server.client.subjects import Subject
from gql_server.client.transports import Transport

U = TypeVar("U", bound=Result)

_POLL_SECONDS: Final = 2.0
_MAX_FAILURES: Final = 2
"""In a row and without any news, until the next transport is tried."""


async def watch(
    connection: AsyncConnection,
    subject: Subject[U],
    on_transport: Callable[[Transport, str], None] | None,
) -> AsyncGenerator[U]:
    """Yield the news of a subject until it is over, each once.

    Where WebSockets do not pass it continues by event stream, and then by polling.

    Args:
        connection: The server.
        subject: What to watch, and from where.
        on_transport: Receives the transport that replaces another one, and why.

    Raises:
        GqlServerError: The caller has no such subject, or the server did not answer for too long.
    """
    retries = connection.retries()
    transports = iter(Transport)
    transport, failures = next(transports), 0
    while True:
        try:
            async with aclosing(_news(connection, transport, subject, retries)) as news:
                async for update in news:
                    retries.reached()
                    failures = 0
                    yield update
            if subject.is_over:
                return
            early = "it stopped sending updates before the end"
            raise TemporaryError(ServerUnreachable(early), Attempt.LOST)
        except TemporaryError as failed:
            failures += 1
            is_blocked = isinstance(failed, TransportBlocked) or failures >= _MAX_FAILURES
            # A server that answers neither is away: the network between says nothing.
            if transport is not Transport.POLLING and is_blocked and await connection.is_there():
                transport, failures = next(transports), 0
                if on_transport is not None:
                    on_transport(transport, str(failed))
            else:
                await connection.wait(retries, failed)


async def _news(
    connection: AsyncConnection, transport: Transport, subject: Subject[U], retries: Retries
) -> AsyncGenerator[U]:
    """Yield what comes by a transport, and then what the query still has."""
    if transport is not Transport.POLLING:
        async with aclosing(_subscription(connection, transport, subject)) as results:
            async for data in results:
                yield subject.reported(data)
    while True:
        data = await connection.attempt(subject.query, subject.variables())
        retries.reached()  # also where there is no news: a batch may be paused for hours
        update = subject.polled(data)
        if update is not None:
            yield update
        if subject.is_over or (transport is not Transport.POLLING and not subject.has_more):
            return
        if not subject.has_more:
            await network.sleep(_POLL_SECONDS)


def _subscription(
    connection: AsyncConnection, transport: Transport, subject: Subject[U]
) -> AsyncGenerator[dict[str, Any]]:
    open_ = subscribe if transport is Transport.WEBSOCKET else subscribe_to_events
    return open_(connection, subject.subscription, subject.variables())
