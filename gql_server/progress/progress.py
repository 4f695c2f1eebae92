"""The topics that are watched in this process, and their watchers."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from gql_server.progress.hub import Hub
from gql_server.progress.snapshots import Item, P, Read, State
from gql_server.progress.watch import Watch

_MAX_READS: Final = 8
"""Concurrent reads; the other database connections are for requests."""
_MAX_ITEMS: Final = 100


class Progress:
    """Notifies the watchers of a topic, and lets them share each read.

    Topics are only names. A notification says that there is news, not what it is; a read finds
    it. Topics are also read at intervals without a notification.
    """

    def __init__(
        self,
        *,
        transient_errors: tuple[type[Exception], ...] = (),
        look_again_seconds: float = 15.0,
    ) -> None:
        """Start without watchers.

        Args:
            transient_errors: Errors after which a read is retried; others end the watch.
            look_again_seconds: Seconds after which a topic is read though nothing was published.
        """
        self._transient_errors = transient_errors
        self._look_again_seconds = look_again_seconds
        self._hubs: dict[str, dict[Hashable, Hub[Any, Any, Any]]] = defaultdict(dict)
        self._calls: dict[str, list[Callable[[], None]]] = defaultdict(list)
        self._watchers = 0
        self._turns = asyncio.Semaphore(_MAX_READS)

    def publish(self, topic: str) -> None:
        """Notify the watchers of a topic in this process.

        Code that writes the news into the database calls ``database.notifications.notify`` in
        its transaction, which reaches every process.
        """
        for hub in self._hubs.get(topic, {}).values():
            hub.wake()
        for call in self._calls.get(topic, ()):
            call()

    def publish_all(self) -> None:
        """Notify the watchers of all topics."""
        for hubs in self._hubs.values():
            for hub in hubs.values():
                hub.wake()
        for calls in self._calls.values():
            for call in calls:
                call()

    @contextmanager
    def on_news(self, topic: str, call: Callable[[], None]) -> Iterator[None]:
        """Call a function whenever a topic may have news, until the end of the block."""
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
        """Watch a topic until the returned watch is closed.

        Its updates deliver each item once and in order, until the topic is finished. The first
        has the current state, with or without items. Bursts are merged into at most 10 updates
        per second; a slow watcher receives everything it missed, one update at a time.

        Args:
            topic: Its name.
            read: Reads the items after a position; run once for all watchers.
            after: The position after which items are delivered.
            key: Distinguishes reads of one topic: watchers of the same topic and key share the
                read of the first of them.
            limit: Maximum number of items per update; the first watcher's applies to all.
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
        """Number of watchers in this process."""
        return self._watchers

    @property
    def topics(self) -> int:
        """Number of watched topics in this process."""
        return len(self._hubs)

    def _new_hub(self, topic: str, read: Read[P, State, Item], limit: int) -> Hub[P, State, Item]:
        return Hub(
            topic,
            read,
            transient_errors=self._transient_errors,
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
