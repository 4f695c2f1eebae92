"""What a watched thing looks like: read once, given to everyone who watches."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


class Position(Protocol):
    """A place in the order of a topic's items, such as a number or a page key as a tuple."""

    def __lt__(self, other: Any, /) -> bool: ...


P = TypeVar("P", bound=Position)
State = TypeVar("State")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[P, State, Item]):
    """What one read found.

    Attributes:
        position: How far the read looked: the last item's place where there are more, otherwise
            the place of the newest item that there is.
        state: What else is known at this moment; it is told when it changes (by ``==``).
        items: What came after the position that was asked from, each with its place, in order.
        has_more: Whether items were left for another read.
        is_finished: Whether nothing will come after the items that there are now.
    """

    position: P
    state: State
    items: Sequence[tuple[P, Item]]
    has_more: bool = False
    is_finished: bool = False


@dataclass(frozen=True, slots=True)
class Update(Generic[P, State, Item]):
    """What a watcher is told.

    Attributes:
        position: Where to go on from: everything up to it has been given.
        state: The newest state that is known.
        items: What the watcher has not been given before, in order; may be empty.
    """

    position: P
    state: State
    items: Sequence[Item]


Read = Callable[[P], Awaitable[Snapshot[P, State, Item]]]
"""Reads what came after a position. Items must become visible in the order of their places: none
may appear behind a position that a read has looked past."""
