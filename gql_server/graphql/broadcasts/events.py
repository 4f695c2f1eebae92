"""What a subscription's resolver returns so that subscribers share its events."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Hashable,
    Sequence,
)
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

Event = TypeVar("Event")


class News(Protocol):
    """What a feed found at one moment.

    Everything up to its position is in it or in earlier news. Its state is what ``Feed.missed``
    needs to bring others to the same point.
    """

    @property
    def position(self) -> Any:
        """Return the position to continue from."""

    @property
    def state(self) -> Any:
        """Return what goes with the position."""


NewsT = TypeVar("NewsT", bound=News)
_FoundNews_co = TypeVar("_FoundNews_co", bound=News, covariant=True)


class Feed(Protocol[_FoundNews_co]):
    """An open source of news that has an order of positions.

    Attributes:
        after: The position from which on its subscriber wants news.
    """

    after: Any

    @property
    def key(self) -> Hashable:
        """Equal for feeds that have the same news at the same position."""

    def updates(self, after: Any, /) -> AsyncGenerator[_FoundNews_co, None]:
        """Return what comes after a position; bursts are merged."""

    async def missed(self, after: Any, until: Any, state: Any, /) -> _FoundNews_co:
        """Return what came between two positions, or as much of it as news may hold."""

    def look(self) -> None:
        """Look for news soon."""

    def close(self) -> None:
        """Close this subscriber's use of the source."""


@dataclass(frozen=True, slots=True)
class SharedEvents(AsyncIterable[Event], Generic[NewsT, Event]):
    """A stream of events for which subscribers with the same rights get the same answers.

    The engine executes an event once for all who sent the same document with the same variables.
    Iterated over, it is one subscriber's own stream.

    Attributes:
        open: Opens the feed for one subscriber; may be called once.
        shape: Returns the events of news, each with the position after it. It is given the context
            that the events are executed with, and must use no other.
        context: The subscriber's own context.
        position_argument: The argument of the subscription's field that says nothing but where the
            subscriber begins. Those who differ in it alone still share.
    """

    open: Callable[[], Feed[NewsT]]
    shape: Callable[[Any, NewsT], Awaitable[Sequence[tuple[Any, Event]]]]
    context: Any
    position_argument: str | None = None

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over the events of this subscriber."""
        with closing(self.open()) as feed:
            async with aclosing(feed.updates(feed.after)) as updates:
                async for news in updates:
                    for _, event in await self.shape(self.context.fresh(), news):
                        yield event
