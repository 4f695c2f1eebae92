"""Subscribers of shared events: who shares with whom, and what each of them gets."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import aclosing, closing, contextmanager
from typing import Any, Final, Generic, Protocol

from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from gql_server.graphql.broadcasts.broadcast import Broadcast, Execute, Fail, Seat
from gql_server.graphql.broadcasts.events import Feed, NewsT, SharedEvents
from gql_server.graphql.broadcasts.pace import Pace
from gql_server.graphql.broadcasts.payloads import Payload
from gql_server.graphql.execution.context import OperationContext

Answer = Payload | ExecutionResult
"""What subscribers get: the same payload for all, or a result that is only for one of them."""

ExecuteEvents = Callable[
    [Sequence[tuple[Any, Any]], OperationContext], Awaitable[Sequence[Payload]]
]
"""Executes events, each with the position after it, with a context."""


class Sink(Protocol):
    """Sends payloads to one client without waiting."""

    def is_ready(self) -> bool:
        """Whether the client takes a payload now."""

    def send(self, payload: Payload, /) -> None:
        """Send a payload; the sink must be ready."""


class Broadcasts:
    """The broadcasts of this process; each lives as long as it has subscribers."""

    def __init__(self) -> None:
        """Begin without any."""
        self._pace = Pace()
        self._broadcasts: dict[Hashable, Broadcast[Any]] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._broadcasts)

    @contextmanager
    def joined(
        self, key: Hashable, feed: Feed[NewsT], execute: Execute[NewsT], fail: Fail
    ) -> Iterator[Broadcast[NewsT]]:
        """Return the broadcast of this key until the end of the block; the first one's reads."""
        broadcast = self._broadcasts.get(key)
        if broadcast is None or broadcast.failure is not None:
            broadcast = self._broadcasts[key] = Broadcast(feed, execute, fail, self._pace)
        broadcast.users += 1
        try:
            yield broadcast
        finally:
            broadcast.users -= 1
            if broadcast.users == 0:
                broadcast.close()
                if self._broadcasts.get(key) is broadcast:
                    del self._broadcasts[key]


class Subscriber(AsyncGenerator[Answer, None], Generic[NewsT]):
    """The answers of one subscription.

    Iterated over, it waits for each. A transport that can send without waiting sets ``sink``; then
    only what the sink was not ready for is left to be iterated over.

    Attributes:
        sink: Sends most of the payloads; None: all are iterated over.
    """

    def __init__(
        self,
        broadcasts: Broadcasts,
        events: SharedEvents[NewsT, Any],
        key: Hashable,
        *,
        execute: ExecuteEvents,
        fail: Fail,
        context: OperationContext,
    ) -> None:
        """Take the events of a subscription.

        Args:
            broadcasts: Those of this process.
            events: What the subscription's resolver returned.
            key: Equal for subscribers that get equal answers to equal events.
            execute: Executes events that have positions, with this context.
            fail: Makes the last answer of an error.
            context: The subscriber's own; it pays for what they get.
        """
        self.sink: Sink | None = None
        self._broadcasts: Final = broadcasts
        self._events: Final = events
        self._key: Final = key
        self._execute: Final = execute
        self._fail: Final = fail
        self._context: Final = context
        self._answers = self._run()

    async def __anext__(self) -> Answer:
        """Return the next answer."""
        return await anext(self._answers)

    async def asend(self, value: None) -> Answer:
        """Return the next answer."""
        return await self._answers.asend(value)

    async def athrow(self, *error: Any) -> Answer:
        """Raise an error where the answers are waited for."""
        return await self._answers.athrow(*error)

    async def aclose(self) -> None:
        """End the subscription."""
        await self._answers.aclose()

    async def _run(self) -> AsyncGenerator[Answer, None]:
        refused = self._context.begin_subscription()
        if refused is not None:
            yield PreExecutionError(data=None, errors=self._fail(refused).errors)
            return
        try:
            with closing(self._events.open()) as feed:
                key = (feed.key, self._key)
                with self._broadcasts.joined(key, feed, self._executed, self._fail) as broadcast:
                    async with aclosing(self._answers_from(broadcast, feed)) as answers:
                        async for answer in answers:
                            yield answer
        finally:
            self._context.end_subscription()

    async def _answers_from(
        self, broadcast: Broadcast[NewsT], feed: Feed[NewsT]
    ) -> AsyncGenerator[Answer, None]:
        position, version = feed.after, 0
        while broadcast.failure is None:
            if broadcast.has_ended and broadcast.is_before(position):
                position = broadcast.position
            if broadcast.is_at(position, version):
                if broadcast.has_ended:
                    return
                seat = Seat(self._pays, self._send if self.sink is not None else None)
                broadcast.take_seat(seat)
                try:
                    while (payload := await seat.next()) is not None:
                        yield payload
                finally:
                    broadcast.leave_seat(seat)
                position, version = seat.position, seat.version
            elif broadcast.is_before(position):
                feed.look()
                await broadcast.change()
            else:
                try:
                    missed = await broadcast.missed(position, version)
                except Exception as error:  # noqa: BLE001 - the subscriber gets it
                    yield self._fail(error)
                    return
                for payload in missed.payloads:
                    refused = await self._context.spend(payload.objects)
                    if refused is not None:
                        yield self._fail(refused)
                        return
                    yield payload
                position, version = missed.position, missed.version
        yield broadcast.failure

    def _pays(self, payload: Payload) -> bool:
        return self._context.spend_at_once(payload.objects)

    def _send(self, payload: Payload) -> bool:
        sink = self.sink
        if sink is None or not sink.is_ready() or not self._pays(payload):
            return False
        sink.send(payload)
        return True

    async def _executed(self, news: NewsT) -> Sequence[Payload]:
        context = self._context.fresh()
        return await self._execute(await self._events.shape(context, news), context)
