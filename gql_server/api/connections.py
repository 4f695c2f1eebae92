"""Relay connections: pages by opaque cursors, from either end."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Annotated, Generic, TypeVar

import strawberry

from gql_server.api.enums import domain_member
from gql_server.database.engine.cursors import cursor_of, page_key
from gql_server.database.engine.pages import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    Page,
    PageKey,
    PageOrder,
    PageRequest,
)
from gql_server.domain.errors import ErrorCode, InvalidInput
from gql_server.graphql.execution.weights import ListLimit

T = TypeVar("T")

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many to return from the start, 1 to {MAX_PAGE_SIZE}; "
        f"{DEFAULT_PAGE_SIZE} when neither first nor last is given."
    ),
]
After = Annotated[
    str | None, strawberry.argument(description="Return what comes after this cursor.")
]
Last = Annotated[
    int | None,
    strawberry.argument(description=f"How many to return from the end, 1 to {MAX_PAGE_SIZE}."),
]
Before = Annotated[
    str | None, strawberry.argument(description="Return what comes before this cursor.")
]


@strawberry.enum(name="ListOrder", description="Which end of a list comes first.")
class ListOrder(Enum):
    """Which end of a list comes first."""

    NEWEST_FIRST = strawberry.enum_value(
        PageOrder.NEWEST_FIRST, description="The most recently made comes first."
    )
    OLDEST_FIRST = strawberry.enum_value(
        PageOrder.OLDEST_FIRST, description="The longest kept comes first."
    )


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = strawberry.field(
        description="Whether there is more behind this page; ask with `after: endCursor`."
    )
    has_previous_page: bool = strawberry.field(
        description="Whether there is more before this page; ask with `before: startCursor`."
    )
    start_cursor: str | None = strawberry.field(description="The cursor of the first on the page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last on the page.")


@strawberry.type(description="One place of a page.")
class Edge(Generic[T]):
    """One place of a page."""

    cursor: str = strawberry.field(
        description="The place itself, for `after` and `before`; opaque, and good for ever."
    )
    node: T = strawberry.field(description="What stands at this place.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """A page of a list."""

    edges: list[Edge[T]] = strawberry.field(description="The places of the page, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in its list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many the whole list has; counted only when it is asked for.")
    async def total_count(self) -> int:
        """Count the whole list."""
        return await self.count()


def page_request(
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    order: ListOrder = ListOrder.NEWEST_FIRST,
) -> PageRequest:
    """Read a connection's arguments.

    Raises:
        InvalidInput: A size is out of range, both sizes are given, or a cursor is not one.
    """
    if first is not None and last is not None:
        raise InvalidInput("Give first or last, not both.", path=("last",))
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= MAX_PAGE_SIZE:
            raise InvalidInput(
                f"{name} must be from 1 to {MAX_PAGE_SIZE}; it is {size}.",
                path=(name,),
                code=ErrorCode.OUT_OF_RANGE,
            )
    chosen = last if last is not None else first
    return PageRequest(
        size=chosen if chosen is not None else DEFAULT_PAGE_SIZE,
        after=_read_cursor(after, "after"),
        before=_read_cursor(before, "before"),
        from_end=last is not None,
        order=domain_member(PageOrder, order),
    )


def connection(
    page: Page,
    nodes: Sequence[T],
    request: PageRequest,
    count: Callable[[], Awaitable[int]],
) -> Connection[T]:
    """Make a connection of a page's rows and the nodes shaped from them."""
    edges = [
        Edge(cursor=cursor_of(row), node=node) for row, node in zip(page.rows, nodes, strict=True)
    ]
    forward = not request.from_end
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_more if forward else request.before is not None,
            has_previous_page=request.after is not None if forward else page.has_more,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        count=count,
    )


def _read_cursor(cursor: str | None, name: str) -> PageKey | None:
    if cursor is None:
        return None
    try:
        return page_key(cursor)
    except ValueError:
        raise InvalidInput(
            f"{name} is not a cursor of this server; take one from pageInfo or an edge.",
            path=(name,),
        ) from None


def check_limit(limit: int, bounds: ListLimit) -> None:
    """Check the argument ``limit`` of a list.

    Raises:
        InvalidInput: It is out of bounds.
    """
    if not 1 <= limit <= bounds.maximum:
        raise InvalidInput(
            f"limit must be from 1 to {bounds.maximum}; it is {limit}.",
            path=("limit",),
            code=ErrorCode.OUT_OF_RANGE,
        )
