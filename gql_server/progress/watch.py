"""One watcher's view of a topic."""

from collections.abc import AsyncGenerator, Callable, Hashable
from typing import Generic

from gql_server.progress.hub import Hub
from gql_server.progress.snapshots import Item, P, State, Update


class Watch(Generic[P, State, Item]):
    """One watcher of a topic, registered until it is closed.

    Attributes:
        after: The position after which it receives items.
    """

    def __init__(self, hub: Hub[P, State, Item], after: P, close: Callable[[], None]) -> None:
        """Take the hub that reads, the position, and a callback that unregisters the watcher."""
        self._hub = hub
        self._close: Callable[[], None] | None = close
        self.after = after

    @property
    def key(self) -> Hashable:
        """Equal for watchers that receive the same updates at the same position."""
        return self._hub

    def updates(self, after: P) -> AsyncGenerator[Update[P, State, Item], None]:
        """Yield the updates after a position, until a finished topic has been delivered."""
        return self._hub.updates(after)

    async def missed(self, after: P, until: P, state: State) -> Update[P, State, Item]:
        """Return the items between two positions, up to the limit of one update.

        Args:
            after: The position of the watcher that is behind.
            until: The position of an update that was sent.
            state: The state of that update.
        """
        return await self._hub.missed(after, until, state)

    def look(self) -> None:
        """Request a read soon, because there are known to be unread items."""
        self._hub.wake()

    def close(self) -> None:
        """Unregister the watcher; closing the last one ends the reading."""
        close, self._close = self._close, None
        if close is not None:
            close()
