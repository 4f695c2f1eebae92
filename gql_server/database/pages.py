"""Pages by key: page 100,000 costs what page 1 costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Result, Select, tuple_
from sqlalchemy.orm import Mapped

MAX_PAGE_SIZE: Final = 100
DEFAULT_PAGE_SIZE: Final = 20

Facts = Mapping[str, Any]
"""A row by the names of the columns that were asked for."""


class PageOrder(StrEnum):
    """Which end of the list comes first."""

    NEWEST_FIRST = "newest_first"
    OLDEST_FIRST = "oldest_first"


@dataclass(frozen=True, slots=True)
class PageKey:
    """A row's place in the list."""

    created_at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which rows of a list are wanted.

    Attributes:
        size: How many rows at most.
        after: Rows behind this place, in the list's order.
        before: Rows ahead of this place, in the list's order.
        from_end: Take the last rows of those, and not the first.
        order: The list's order.
    """

    size: int = DEFAULT_PAGE_SIZE
    after: PageKey | None = None
    before: PageKey | None = None
    from_end: bool = False
    order: PageOrder = PageOrder.NEWEST_FIRST


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, in the list's order.

    Attributes:
        rows: The rows.
        has_more: Whether there are rows past the end that was not asked from.
    """

    rows: Sequence[Facts]
    has_more: bool


def read_facts(result: Result[Any]) -> list[Facts]:
    """Read every row of a result."""
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def page_statement(
    statement: Select[Any],
    created_at: Mapped[datetime],
    row_id: Mapped[str],
    request: PageRequest,
) -> Select[Any]:
    """Narrow a filtered statement to one page, and one row more that tells of more."""
    key = tuple_(created_at, row_id)
    newest_first = request.order is PageOrder.NEWEST_FIRST
    for place, is_after in ((request.after, True), (request.before, False)):
        if place is not None:
            bound = tuple_(place.created_at, place.id)
            statement = statement.where(key < bound if is_after is newest_first else key > bound)
    descending = newest_first is not request.from_end
    columns = (created_at.desc(), row_id.desc()) if descending else (created_at, row_id)
    return statement.order_by(*columns).limit(request.size + 1)


def read_page(rows: list[Facts], request: PageRequest) -> Page:
    """Make a page of the rows that ``page_statement`` brought."""
    has_more = len(rows) > request.size
    del rows[request.size :]
    if request.from_end:
        rows.reverse()
    return Page(rows, has_more)
