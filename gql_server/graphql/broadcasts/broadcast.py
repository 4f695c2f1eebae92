"""One reading of a feed, one execution and one encoding, for all who get the same answers."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from contextvars import Context
from typing import Any, Final, Generic, NamedTuple

from strawberry.types import ExecutionResult

from gql_server.graphql.broadcasts.events import Feed, NewsT
from gql_server.graphql.broadcasts.pace import Measured, Pace
from gql_server.graphql.broadcasts.payloads import Payload

SLICE_SECONDS: Final = 0.001
"""How long payloads are sent without a pause; then other work has its turn."""
_CHECK_EVERY: Final = 8
_RELEASED_TOGETHER: Final = 20
_FIRST_ESTIMATE: Final = 0.001
_MAX_PENDING: Final = 16
"""Payloads that wait for a subscriber's task; one that does not come for them is behind."""
_MISSED_SECONDS: Final = 0.25
"""How long a page of missed events is shared with the next subscriber who missed them."""
_MAX_MISSED: Final = 32

Execute = Callable[[NewsT], Awaitable[Sequence[Payload]]]
Fail = Callable[[Exception], ExecutionResult]
"""Makes the last answer of an error."""
Offer = Callable[[Payload], bool]
"""Sends a payload at once and returns True, or does nothing and returns False."""


class Missed(NamedTuple):
    """What a subscriber gets in order to catch up.

    Attributes:
        payloads: The answers.
        position: Where they end.
        version: The broadcast's version that they lead up to; 0: there is more to catch up with.
    """

    payloads: Sequence[Payload]
    position: Any
    version: int


class Seat:
    """A subscriber's place among those who receive payloads together.

    Attributes:
        position: Once it was given up: the position of its subscriber.
        version: Likewise, the version.
    """

    __slots__ = ("_may_send", "_offer", "_pending", "_waiter", "is_taken", "position", "version")

    def __init__(self, may_send: Offer, offer: Offer | None) -> None:
        """Take what pays for a payload, and what sends it; without that, ``next`` returns it."""
        self._may_send = may_send
        self._offer = offer
        self._pending: deque[Payload] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.is_taken = True
        self.position: Any = None
        self.version = 0

    def offer(self, payload: Payload) -> bool:
        """Send a payload, or keep it for ``next``; return False if its subscriber is behind."""
        if self._offer is not None:
            return self._offer(payload)
        if self._pending is None:
            self._pending = deque()
        if len(self._pending) >= _MAX_PENDING or not self._may_send(payload):
            return False
        self._pending.append(payload)
        self._wake()
        return True

    def give_up(self, position: Any, version: int) -> None:
        """Leave the others; what was offered before is still returned."""
        self.is_taken = False
        self.position, self.version = position, version
        self._wake()

    async def next(self) -> Payload | None:
        """Wait for the next payload; None: the seat was given up."""
        while not self._pending:
            if not self.is_taken:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._pending.popleft()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class Broadcast(Generic[NewsT]):
    """Sends a feed to all subscribers in seats, each payload once and in order.

    Subscribers that come later, or that cannot be sent to at the moment, have no seat: they get
    what they missed individually, and then take a seat.

    Attributes:
        position: The position up to which the seats have received everything.
        version: The number of payloads sent to them.
        has_ended: Whether nothing more will be sent.
        failure: The last payload to all subscribers, if an error ended it.
        users: How many subscribers it has, in seats and outside.
    """

    def __init__(self, feed: Feed[NewsT], execute: Execute[NewsT], fail: Fail, pace: Pace) -> None:
        """Take the feed, what executes its news or an error, and the pace of all broadcasts."""
        self.position: Any = feed.after
        self.version = 0
        self.has_ended = False
        self.failure: ExecutionResult | None = None
        self.users = 0
        self._feed = feed
        self._execute = execute
        self._fail = fail
        self._pace = pace
        self._estimate = _FIRST_ESTIMATE
        self._state: Any = None
        self._seats: dict[Seat, None] = {}
        self._changed = asyncio.Event()
        self._last: tuple[Any, Missed] | None = None
        self._missed: dict[Any, tuple[float, asyncio.Task[Missed]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._start(self._run())

    def close(self) -> None:
        """End it: no subscriber is left."""
        for task in self._tasks:
            task.cancel()

    def is_at(self, position: Any, version: int) -> bool:
        """Return whether a subscriber has received exactly what the seats have."""
        return version == self.version and bool(position == self.position)

    def is_before(self, position: Any) -> bool:
        """Return whether a subscriber must wait until the seats have received more."""
        return self.version == 0 or bool(self.position < position)

    def take_seat(self, seat: Seat) -> None:
        """Give a seat to a subscriber that is at the broadcast's position and version."""
        self._seats[seat] = None

    def leave_seat(self, seat: Seat) -> None:
        """Take a subscriber's seat away; it may have left already."""
        seat.is_taken = False
        self._seats.pop(seat, None)

    async def change(self) -> None:
        """Wait until more has been sent, or the end."""
        if not self.has_ended:
            await self._changed.wait()

    async def missed(self, position: Any, version: int) -> Missed:
        """Return what leads from a position to that of the seats, as far as one update holds it.

        Those who miss the same share it.
        """
        if self._last is not None and version == self.version - 1 and self._last[0] == position:
            return self._last[1]
        now = asyncio.get_running_loop().time()
        began, task = self._missed.get(position, (now, None))
        if task is None or (task.done() and began + _MISSED_SECONDS < now):
            if len(self._missed) >= _MAX_MISSED:
                self._missed.clear()
            task = self._start(self._find_missed(position))
            self._missed[position] = (now, task)
        return await asyncio.shield(task)

    async def _find_missed(self, position: Any) -> Missed:
        until, version, state = self.position, self.version, self._state
        news = await self._feed.missed(position, until, state)
        payloads = await self._executed(news)
        is_all = bool(news.position == until)
        return Missed(payloads, news.position, version if is_all else 0)

    async def _run(self) -> None:
        try:
            async with aclosing(self._feed.updates(self.position)) as updates:
                async for news in updates:
                    payloads = await self._executed(news)
                    self._state = news.state
                    for payload in payloads:
                        await self._send(payload)
                    self.position = news.position
        except Exception as error:  # noqa: BLE001 - the subscribers report it
            self.failure = self._fail(error)
        self.has_ended = True
        self._announce()
        for count, seat in enumerate(list(self._seats)):
            if count % _RELEASED_TOGETHER == _RELEASED_TOGETHER - 1:
                await asyncio.sleep(0)
            self._release(seat, self.position, self.version)

    async def _executed(self, news: NewsT) -> Sequence[Payload]:
        expected = self._estimate
        await self._pace.turn(expected)
        measured = Measured(self._execute(news))
        try:
            return await measured
        finally:
            self._estimate = measured.seconds
            self._pace.count(measured.seconds, expected=expected)

    async def _send(self, payload: Payload) -> None:
        before, version = self.position, self.version
        # Subscribers that take a seat from here on are at the new position and do not get this.
        seats = list(self._seats)
        self.position, self.version = payload.position, version + 1
        self._last = before, Missed((payload,), self.position, self.version)
        self._missed.clear()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._send_to_each(seats, payload, before, version)
        # With what others did in between: the more they have to do, the longer they are left to it.
        self._pace.count(loop.time() - began)
        self._announce()

    async def _send_to_each(
        self, seats: Sequence[Seat], payload: Payload, before: Any, version: int
    ) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + SLICE_SECONDS
        for count, seat in enumerate(seats, 1):
            if seat.is_taken and not seat.offer(payload):
                self._release(seat, before, version)
            if count % _CHECK_EVERY == 0 and loop.time() > until:
                await asyncio.sleep(0)
                until = loop.time() + SLICE_SECONDS

    def _release(self, seat: Seat, position: Any, version: int) -> None:
        if self._seats.pop(seat, self) is None:
            seat.give_up(position, version)

    def _announce(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _start(self, work: Any) -> asyncio.Task[Any]:
        # In no subscriber's context: what it logs is not one subscriber's.
        task = asyncio.create_task(work, name="broadcast", context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # raised by those who wait for it, if there are any
