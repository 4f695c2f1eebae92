"""One read shared by everyone who watches the same topic."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator, Sequence
from typing import Final, Generic

import stamina
import structlog

from gql_server.progress.snapshots import Item, P, Read, Snapshot, State, Update

log = structlog.get_logger(__name__)

MAX_ITEMS: Final = 1_000
"""How many of the latest items a hub keeps; watchers further behind read for themselves."""

INTERVAL_SECONDS: Final = 0.1
"""Minimum time between two updates to one watcher, and between two reads."""

_MIN_WAIT_SECONDS: Final = 0.2
_MAX_WAIT_SECONDS: Final = 5.0


class Hub(Generic[P, State, Item]):
    """Reads a topic's new items when there may be some and a watcher waits for them.

    While all watchers are still busy with the last update, another read would only take time from
    the work that they watch.

    Attributes:
        watchers: Number of watchers.
    """

    def __init__(
        self,
        topic: str,
        read: Read[P, State, Item],
        *,
        transient_errors: tuple[type[Exception], ...],
        turns: asyncio.Semaphore,
        limit: int,
        look_again_seconds: float,
    ) -> None:
        """Make a hub.

        Args:
            topic: Its name in the log.
            read: Reads the items after a position.
            transient_errors: Errors after which the read is retried.
            turns: Limits how many hubs read at once.
            limit: Maximum number of items per update.
            look_again_seconds: Seconds after which it reads without a notification.
        """
        self._topic = topic
        self._read_after = read
        self._transient_errors = transient_errors
        self._turns = turns
        self._limit = limit
        self._look_again_seconds = look_again_seconds
        self.watchers = 0
        self._has_news = asyncio.Event()
        self._is_awaited = asyncio.Event()
        self._changed = asyncio.Event()
        self._latest: Snapshot[P, State, Item] | None = None
        self._floor: P | None = None
        self._positions: list[P] = []
        self._items: list[Item] = []
        self._error: BaseException | None = None
        self._reader: asyncio.Task[None] | None = None
        self._given_after: dict[tuple[P, P], tuple[P, Sequence[Item]]] = {}
        self._missing_after: dict[P, asyncio.Task[Snapshot[P, State, Item]]] = {}

    def wake(self) -> None:
        """Read soon, because there may be new items."""
        self._has_news.set()

    @property
    def has_ended(self) -> bool:
        """Whether it has stopped reading: its topic is finished, or a read failed."""
        return self._reader is not None and self._reader.done()

    def join(self, after: P) -> None:
        """Register a watcher; the first one starts the reading."""
        self.watchers += 1
        if self._reader is None:
            self._reader = asyncio.create_task(self._keep_reading(after), name=self._topic)
            self._reader.add_done_callback(self._ended)

    def leave(self) -> None:
        """Unregister a watcher; the last one ends the reading."""
        self.watchers -= 1
        if self.watchers == 0:
            for task in (self._reader, *self._missing_after.values()):
                if task is not None:
                    task.cancel()

    async def updates(self, after: P) -> AsyncGenerator[Update[P, State, Item], None]:
        """Yield the updates after a position, until a finished topic has been delivered."""
        loop = asyncio.get_running_loop()
        sent: Snapshot[P, State, Item] | None = None
        not_before = 0.0
        while True:
            changed = self._changed
            await asyncio.sleep(not_before - loop.time())
            if self._error is not None:
                raise self._error
            latest = self._latest
            if latest is not None:
                position, items = await self._after(after, latest.position)
                after = position
                if items or sent is None or sent.state != latest.state:
                    sent = latest
                    yield Update(position, latest.state, items)
                    not_before = loop.time() + INTERVAL_SECONDS
                if position < latest.position:
                    continue
                if latest.is_finished and not latest.has_more:
                    return
            self._is_awaited.set()
            await changed.wait()

    async def missed(self, after: P, until: P, state: State) -> Update[P, State, Item]:
        """Return the items between two positions, up to the limit of one update.

        Args:
            after: The position of the watcher that is behind.
            until: The position of an update that was sent.
            state: The state of that update.
        """
        if self._error is not None:
            raise self._error
        position, items = await self._after(after, until)
        return Update(position, state, items)

    async def _after(self, given: P, until: P) -> tuple[P, Sequence[Item]]:
        """Return the items between two positions, and the position of the last."""
        if not given < until:
            return given, ()
        if self._floor is None or given < self._floor:
            return await self._missing(given, until)
        found = self._given_after.get((given, until))
        if found is None:
            begin = bisect_right(self._positions, given)
            end = bisect_right(self._positions, until)
            position = until
            if end - begin > self._limit:
                end = begin + self._limit
                position = self._positions[end - 1]
            found = self._given_after[given, until] = position, tuple(self._items[begin:end])
        return found

    async def _missing(self, given: P, until: P) -> tuple[P, Sequence[Item]]:
        """Read items that the hub does not keep; watchers at the same position share the read."""
        task = self._missing_after.get(given)
        if task is None:
            task = asyncio.create_task(self._read(given), name=f"{self._topic} behind")
            self._missing_after[given] = task
            task.add_done_callback(lambda ended: self._found(given, ended))
        found = await asyncio.shield(task)
        # An update holds no items that are newer than its state.
        items = [(at, item) for at, item in found.items if not until < at]
        if len(items) > self._limit:
            items = items[: self._limit]
            return items[-1][0], [item for _, item in items]
        # A shared read may have ended before the newest items existed.
        return min(found.position, until), [item for _, item in items]

    async def _keep_reading(self, position: P) -> None:
        loop = asyncio.get_running_loop()
        self._floor = position
        while True:
            self._has_news.clear()
            began = loop.time()
            snapshot = await self._read(position)
            self._take(position, snapshot)
            position = snapshot.position
            if snapshot.is_finished and not snapshot.has_more:
                return
            if not snapshot.has_more:
                try:
                    async with asyncio.timeout(self._look_again_seconds):
                        await self._has_news.wait()
                except TimeoutError:
                    pass
            await self._is_awaited.wait()
            await asyncio.sleep(began + INTERVAL_SECONDS - loop.time())

    async def _read(self, after: P) -> Snapshot[P, State, Item]:
        async for attempt in stamina.retry_context(
            on=self._transient_errors,
            attempts=None,
            timeout=None,
            wait_initial=_MIN_WAIT_SECONDS,
            wait_max=_MAX_WAIT_SECONDS,
        ):
            with attempt:
                try:
                    async with self._turns:
                        return await self._read_after(after)
                except self._transient_errors as error:
                    log.warning("progress_not_read", topic=self._topic, reason=repr(error))
                    raise
        raise AssertionError  # pragma: no cover - the loop ends by return or by raising

    def _take(self, after: P, snapshot: Snapshot[P, State, Item]) -> None:
        if snapshot.position < after:
            # The first watcher started at a position that does not exist yet.
            self._floor = snapshot.position
        self._positions.extend(at for at, _ in snapshot.items)
        self._items.extend(item for _, item in snapshot.items)
        surplus = len(self._items) - MAX_ITEMS
        if surplus > 0:
            self._floor = self._positions[surplus - 1]
            del self._positions[:surplus], self._items[:surplus]
        self._latest = snapshot
        self._is_awaited.clear()
        self._notify()

    def _notify(self) -> None:
        self._given_after.clear()
        before, self._changed = self._changed, asyncio.Event()
        before.set()

    def _found(self, given: P, task: asyncio.Task[Snapshot[P, State, Item]]) -> None:
        del self._missing_after[given]
        if not task.cancelled():
            task.exception()  # watchers that still wait raise it, if there are any

    def _ended(self, reader: asyncio.Task[None]) -> None:
        if not reader.cancelled() and (error := reader.exception()) is not None:
            self._error = error
            self._notify()
