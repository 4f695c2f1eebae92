"""Snapshots of a topic, read once and shared by all its watchers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


class Position(Protocol):
    """A position in the order of a topic's items, such as a number or a page key."""

    def __lt__(self, other: Any, /) -> bool: ...


P = TypeVar("P", bound=Position)
State = TypeVar("State")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[P, State, Item]):
    """The result of one read.

    Attributes:
        position: How far the read got: the position of its last item if there are more,
            otherwise of the newest item that exists.
        state: The current state of the topic; a change (by ``!=``) is sent to watchers.
        items: The items after the requested position, each with its own position, in order.
        has_more: Whether more items remain for another read.
        is_finished: Whether no further items can appear after the existing ones.
    """

    position: P
    state: State
    items: Sequence[tuple[P, Item]]
    has_more: bool = False
    is_finished: bool = False


@dataclass(frozen=True, slots=True)
class Update(Generic[P, State, Item]):
    """One update for a watcher.

    Attributes:
        position: Where to resume: everything up to it has been delivered.
        state: The newest known state.
        items: Items that the watcher has not received before, in order; may be empty.
    """

    position: P
    state: State
    items: Sequence[Item]


Read = Callable[[P], Awaitable[Snapshot[P, State, Item]]]
"""Reads the items after a position. Items must become visible in the order of their positions:
none may appear before a position that a read has passed."""
