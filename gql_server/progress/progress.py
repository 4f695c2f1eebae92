"""The topics that are watched in this process, and who watches them."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from gql_server.progress.hub import Hub
from gql_server.progress.snapshots import Item, P, Read, State
from gql_server.progress.watch import Watch

_MAX_READS: Final = 8
"""At once; the others of the database's connections are for requests."""
_MAX_ITEMS: Final = 100


class Progress:
    """Wakes those who watch a topic, and has them share what is read.

    It knows topics by name only. What is told are not the news but that there are some; a read
    finds them. A watcher looks again every so often even when nobody said anything.
    """

    def __init__(
        self, *, passing: tuple[type[Exception], ...] = (), look_again_seconds: float = 15.0
    ) -> None:
        """Start with nobody watching.

        Args:
            passing: Errors of a read after which it is tried again; others end the watching.
            look_again_seconds: Seconds after which a topic is read though nothing was published.
        """
        self._passing = passing
        self._look_again_seconds = look_again_seconds
        self._hubs: dict[str, dict[Hashable, Hub[Any, Any, Any]]] = defaultdict(dict)
        self._calls: dict[str, list[Callable[[], None]]] = defaultdict(list)
        self._watchers = 0
        self._turns = asyncio.Semaphore(_MAX_READS)

    def publish(self, topic: str) -> None:
        """Say that a topic has news, to those who watch it in this process.

        What writes the news into the database calls ``database.notifications.notify`` in its
        transaction, which reaches every process.
        """
        for hub in self._hubs.get(topic, {}).values():
            hub.wake()
        for call in self._calls.get(topic, ()):
            call()

    def publish_all(self) -> None:
        """Say that any topic may have news."""
        for hubs in self._hubs.values():
            for hub in hubs.values():
                hub.wake()
        for calls in self._calls.values():
            for call in calls:
                call()

    @contextmanager
    def heard(self, topic: str, call: Callable[[], None]) -> Iterator[None]:
        """Call something whenever a topic may have news, until the end of the block."""
        self._calls[topic].append(call)
        try:
            yield
        finally:
            self._calls[topic].remove(call)

    def open(
        self,
        topic: str,
        read: Read[P, State, Item],
        *,
        after: P,
        key: Hashable = None,
        limit: int = _MAX_ITEMS,
    ) -> Watch[P, State, Item]:
        """Begin to watch a topic; close the watch to end that.

        Its updates tell each item once and in order, until the topic is finished. The first tells
        the present state, with or without items. Bursts are merged into at most 10 updates a
        second; one who was slow gets everything missed, an update at a time.

        Args:
            topic: Its name.
            read: Reads what came after a position; run once for all who watch.
            after: The position from which on items are wanted.
            key: What tells apart the reads of one topic: watchers of the same topic and key
                share the read of the first of them.
            limit: How many items an update has at most; the first watcher's counts for all.
        """
        hub = self._hubs[topic].get(key)
        if hub is None or hub.has_ended:
            hub = self._hubs[topic][key] = self._new_hub(topic, read, limit)
        hub.join(after)
        self._watchers += 1

        def close() -> None:
            self._watchers -= 1
            hub.leave()
            if hub.watchers == 0:
                self._forget(topic, key, hub)

        return Watch(hub, after, close)

    @property
    def watchers(self) -> int:
        """How many watch in this process."""
        return self._watchers

    @property
    def topics(self) -> int:
        """How many topics are watched in this process."""
        return len(self._hubs)

    def _new_hub(self, topic: str, read: Read[P, State, Item], limit: int) -> Hub[P, State, Item]:
        return Hub(
            topic,
            read,
            passing=self._passing,
            turns=self._turns,
            limit=limit,
            look_again_seconds=self._look_again_seconds,
        )

    def _forget(self, topic: str, key: Hashable, hub: Hub[Any, Any, Any]) -> None:
        hubs = self._hubs.get(topic, {})
        if hubs.get(key) is hub:
            del hubs[key]
        if not hubs:
            self._hubs.pop(topic, None)
