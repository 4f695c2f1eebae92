"""A topic as one of those who watch it sees it."""

from collections.abc import AsyncGenerator, Callable, Hashable
from typing import Generic

from gql_server.progress.hub import Hub
from gql_server.progress.snapshots import Item, P, State, Update


class Watch(Generic[P, State, Item]):
    """A place among those who watch a topic, from its making until it is closed.

    Attributes:
        after: The position from which on its watcher wants items.
    """

    def __init__(self, hub: Hub[P, State, Item], after: P, close: Callable[[], None]) -> None:
        """Take the hub that reads, the position, and what gives the place back."""
        self._hub = hub
        self._close: Callable[[], None] | None = close
        self.after = after

    @property
    def key(self) -> Hashable:
        """Equal for those who get the same updates at the same position."""
        return self._hub

    def updates(self, after: P) -> AsyncGenerator[Update[P, State, Item], None]:
        """Return what comes after a position, until everything of a finished thing was told."""
        return self._hub.updates(after)

    async def missed(self, after: P, until: P, state: State) -> Update[P, State, Item]:
        """Return what came between two positions, as far as one update holds it.

        Args:
            after: The position that is behind.
            until: A position that an update has had.
            state: The state of that update.
        """
        return await self._hub.missed(after, until, state)

    def look(self) -> None:
        """Ask for a read soon: there is known to be something that was not read."""
        self._hub.wake()

    def close(self) -> None:
        """Give the place back; the last one ends the reading."""
        close, self._close = self._close, None
        if close is not None:
            close()
