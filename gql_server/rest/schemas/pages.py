"""Pagination of lists: a limit and a cursor."""

from typing import Annotated, Final, TypeVar

from fastapi import Query

from gql_server.database.engine.cursors import cursor_of, page_after
from gql_server.database.engine.pages import (
    DEFAULT_PAGE_SIZE,
    MAX_PAGE_SIZE,
    Page,
    PageColumns,
    PageRecord,
    PageRequest,
)
from gql_server.rest.schemas.fields import described

RowT = TypeVar("RowT", bound=PageRecord | PageColumns)

CURSOR_EXAMPLE: Final = "MTc2ODQ3MzAwMDAwMDAwMDppbWdfMDFqZDJrcTV3M204djd4OWM0YjZuMWgwdHo="

Limit = Annotated[
    int,
    Query(
        ge=1,
        le=MAX_PAGE_SIZE,
        description="Maximum number of entries to return, 1 to "
        f"{MAX_PAGE_SIZE}. Defaults to {DEFAULT_PAGE_SIZE}.",
        examples=[20],
    ),
]
Cursor = Annotated[
    str | None,
    Query(
        description="The `next_cursor` of the previous page. Omit it for the first page. Adding or "
        "deleting entries does not shift later pages.",
        examples=[CURSOR_EXAMPLE],
    ),
]
DEFAULT_LIMIT: Final = DEFAULT_PAGE_SIZE

TOTAL: Final = described("Number of entries in the whole list.", 3)
NEXT_CURSOR: Final = described(
    "The `cursor` of the next page. Null on the last page.", CURSOR_EXAMPLE
)


def page_request(limit: int, cursor: str | None) -> PageRequest:
    """Return the requested page, newest entries first.

    Raises:
        InvalidInput: The cursor is invalid.
    """
    return page_after(limit, cursor, hint="Use the next_cursor of an earlier response.")


def next_cursor(page: Page[RowT]) -> str | None:
    """Return the cursor of the next page."""
    return cursor_of(page.rows[-1]) if page.has_more else None
