"""Pages by key: page 100,000 costs what page 1 costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, Protocol, TypedDict, TypeVar

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    Integer,
    Result,
    Select,
    String,
    bindparam,
    tuple_,
)
from sqlalchemy.orm import Mapped
from sqlalchemy.types import TypeEngine

from gql_server.database.engine.columns import UtcDateTime

MAX_PAGE_SIZE: Final = 100
DEFAULT_PAGE_SIZE: Final = 20

T = TypeVar("T")


class PageOrder(StrEnum):
    """The order of a list."""

    NEWEST_FIRST = "newest_first"
    OLDEST_FIRST = "oldest_first"
    MOST_EXPENSIVE_FIRST = "most_expensive_first"
    LEAST_EXPENSIVE_FIRST = "least_expensive_first"
    LARGEST_FIRST = "largest_first"
    SMALLEST_FIRST = "smallest_first"

    @property
    def column(self) -> str:
        """The column that the list is sorted by, before the ID."""
        return _COLUMNS.get(self, "created_at")

    @property
    def is_by_time(self) -> bool:
        """Whether the list is sorted by creation time."""
        return self.column == "created_at"

    @property
    def is_descending(self) -> bool:
        """Whether high values come first."""
        return self in _DESCENDING


_COLUMNS: Final = {
    PageOrder.MOST_EXPENSIVE_FIRST: "cost",
    PageOrder.LEAST_EXPENSIVE_FIRST: "cost",
    PageOrder.LARGEST_FIRST: "size_bytes",
    PageOrder.SMALLEST_FIRST: "size_bytes",
}
_DESCENDING: Final = {
    PageOrder.NEWEST_FIRST,
    PageOrder.MOST_EXPENSIVE_FIRST,
    PageOrder.LARGEST_FIRST,
}


@dataclass(frozen=True, slots=True)
class PageKey:
    """The sort key of a row in its list.

    Attributes:
        value: When the row was created; in lists with another order, its cost or its size.
        id: The ID of the row.
    """

    value: datetime | int
    id: str


class PageRecord(Protocol):
    """A record that has a page key."""

    @property
    def created_at(self) -> datetime:
        """When it was created."""

    @property
    def id(self) -> str:
        """Its ID."""


class PageColumns(TypedDict):
    """Columns of a row, some of them chosen; those of its page key are always there."""

    created_at: datetime
    id: str


def page_key_of(row: PageRecord | PageColumns) -> PageKey:
    """Return the page key of a row."""
    if isinstance(row, dict):
        return PageKey(row["created_at"], row["id"])
    return PageKey(row.created_at, row.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which rows of a list to read.

    Attributes:
        size: Maximum number of rows.
        after: Only rows after this key, in the list's order.
        before: Only rows before this key, in the list's order.
        from_end: Whether to take the last of those rows instead of the first.
        order: The list's order.
    """

    size: int = DEFAULT_PAGE_SIZE
    after: PageKey | None = None
    before: PageKey | None = None
    from_end: bool = False
    order: PageOrder = PageOrder.NEWEST_FIRST


Bind = Callable[[str, Any, TypeEngine[Any]], Any]
"""Puts a value with a name and a type into a statement, in one of two ways."""


def as_value(_name: str, value: Any, _kind: TypeEngine[Any]) -> Any:
    """Put the value itself into a statement that is built for it alone."""
    return value


def as_parameter(name: str, value: Any, kind: TypeEngine[Any]) -> BindParameter[Any]:
    """Put a parameter of that name into a statement that serves for other values too."""
    is_many = isinstance(value, Sequence) and not isinstance(value, str)
    return bindparam(name, type_=kind, expanding=is_many)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, in the list's order.

    Attributes:
        rows: The rows.
        has_more: Whether the list continues past the page, in the direction that was read.
    """

    rows: Sequence[T]
    has_more: bool


def read_columns(result: Result[Any]) -> list[dict[str, Any]]:
    """Return the rows of a result by the names of their columns."""
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def page_statement(
    statement: Select[Any],
    sorted_by: Mapped[datetime] | Column[Any],
    row_id: Mapped[str] | Column[Any],
    request: PageRequest,
    bind: Bind = as_value,
) -> Select[Any]:
    """Narrow a filtered statement to one page, and one more row, which shows whether more follow.

    With ``as_parameter`` the values are those of ``page_parameters``.

    Args:
        statement: The filtered statement.
        sorted_by: The column that ``request.order`` names.
        row_id: The ID, which orders rows with equal values.
        request: The page.
        bind: How values are put into the statement.
    """
    key = tuple_(sorted_by, row_id)
    is_descending = request.order.is_descending
    kind = UtcDateTime() if request.order.is_by_time else BigInteger()
    for name, page_key in (("after", request.after), ("before", request.before)):
        if page_key is not None:
            bound = tuple_(
                bind(f"{name}_value", page_key.value, kind),
                bind(f"{name}_id", page_key.id, String()),
            )
            is_lower = (name == "after") is is_descending
            statement = statement.where(key < bound if is_lower else key > bound)
    reads_down = is_descending is not request.from_end
    columns = (sorted_by.desc(), row_id.desc()) if reads_down else (sorted_by, row_id)
    return statement.order_by(*columns).limit(bind("rows", request.size + 1, Integer()))


def page_parameters(request: PageRequest) -> dict[str, Any]:
    """Return the values of a page's parameters by name."""
    parameters: dict[str, Any] = {"rows": request.size + 1}
    for name, page_key in (("after", request.after), ("before", request.before)):
        if page_key is not None:
            parameters[f"{name}_value"] = page_key.value
            parameters[f"{name}_id"] = page_key.id
    return parameters


@dataclass(frozen=True, slots=True)
class RawPage:
    """Some rows of a list as the driver returns them, in the list's order.

    Attributes:
        rows: The values of the chosen columns, in their order.
        has_more: Whether the list continues past the page, in the direction that was read.
    """

    rows: Sequence[tuple[Any, ...]]
    has_more: bool


def read_raw_page(rows: Sequence[tuple[Any, ...]], request: PageRequest) -> RawPage:
    """Return the page of the rows that ``page_statement`` found."""
    found = rows[: request.size]
    return RawPage(found[::-1] if request.from_end else found, len(rows) > request.size)


def read_page(rows: list[T], request: PageRequest) -> Page[T]:
    """Return the page of the rows that ``page_statement`` found."""
    has_more = len(rows) > request.size
    del rows[request.size :]
    if request.from_end:
        rows.reverse()
    return Page(rows, has_more)
