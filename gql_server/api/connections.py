"""Relay connections: pages by opaque cursors, from either end."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Annotated, Generic, TypeVar

import strawberry

from gql_server.api.described import described
from gql_server.api.enums import domain_member
from gql_server.database.engine.cursors import cursor_of, page_key
from gql_server.database.engine.pages import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    Page,
    PageColumns,
    PageKey,
    PageOrder,
    PageRecord,
    PageRequest,
)
from gql_server.domain.errors import ErrorCode, InvalidInput
from gql_server.graphql.execution.weights import ListLimit

T = TypeVar("T")
RowT = TypeVar("RowT", bound=PageRecord | PageColumns)

First = Annotated[
    int | None,
    strawberry.argument(
        description="Number of entries to return from the start of the list, "
        f"1 to {MAX_PAGE_SIZE}. "
        f"Defaults to {DEFAULT_PAGE_SIZE} when neither `first` nor `last` is given."
    ),
]
After = Annotated[str | None, strawberry.argument(description="Return entries after this cursor.")]
Last = Annotated[
    int | None,
    strawberry.argument(
        description=f"Number of entries to return from the end of the list, 1 to {MAX_PAGE_SIZE}."
    ),
]
Before = Annotated[
    str | None, strawberry.argument(description="Return entries before this cursor.")
]


@described
@strawberry.enum(name="ListOrder")
class ListOrder(Enum):
    """Sort order of a list, by creation time."""

    NEWEST_FIRST = strawberry.enum_value(
        PageOrder.NEWEST_FIRST, description="Newest entries first."
    )
    OLDEST_FIRST = strawberry.enum_value(
        PageOrder.OLDEST_FIRST, description="Oldest entries first."
    )


@described
@strawberry.type
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = strawberry.field(
        description="Whether more entries follow this page. Request them with `after: endCursor`."
    )
    has_previous_page: bool = strawberry.field(
        description="Whether entries precede this page. Request them with `before: startCursor`."
    )
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first entry on the page. Null when the page is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last entry on the page. Null when the page is empty."
    )


@described
@strawberry.type
class Edge(Generic[T]):
    """An entry of a page."""

    cursor: str = strawberry.field(
        description="Opaque cursor of this entry, for `after` and `before`. Cursors do not expire."
    )
    node: T = strawberry.field(description="The object at this position.")


@described
@strawberry.type
class Connection(Generic[T]):
    """A page of a paginated list."""

    edges: list[Edge[T]] = strawberry.field(description="Entries of the page, in list order.")
    page_info: PageInfo = strawberry.field(description="Position of the page in the list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(
        description="Number of entries in the whole list. Counted only when this field is selected."
    )
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
    page: Page[RowT],
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
