"""Relay connections: the pages that lists return."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import strawberry

from gql_server.api.described import described
from gql_server.database.engine.cursors import cursor_of
from gql_server.database.engine.pages import Page, PageColumns, PageRecord, PageRequest

T = TypeVar("T")
RowT = TypeVar("RowT", bound=PageRecord | PageColumns)


@described
@strawberry.type
class PageInfo:
    """Position of a page in its list."""

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


def connection(
    page: Page[RowT],
    nodes: Sequence[T],
    request: PageRequest,
    count: Callable[[], Awaitable[int]],
) -> Connection[T]:
    """Make a connection of a page's rows and the nodes shaped from them."""
    edges = [
        Edge(cursor=cursor_of(row, request.order), node=node)
        for row, node in zip(page.rows, nodes, strict=True)
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
