"""Pages of lists: so many at once, and from a cursor on."""

from typing import Annotated, Final

from fastapi import Query

from gql_server.database.engine.cursors import cursor_of, page_key
from gql_server.database.engine.pages import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Page, PageRequest
from gql_server.domain.errors import InvalidInput
from gql_server.rest.fields import described

CURSOR_EXAMPLE: Final = "MTc2ODQ3MzAwMDAwMDAwMDppbWdfMDFqZDJrcTV3M204djd4OWM0YjZuMWgwdHo="

Limit = Annotated[
    int, Query(ge=1, le=MAX_PAGE_SIZE, description="How many to return at most.", examples=[20])
]
Cursor = Annotated[
    str | None,
    Query(
        description="The `next_cursor` of the page before; without it the newest come first. A "
        "page's place does not move when others are added or deleted.",
        examples=[CURSOR_EXAMPLE],
    ),
]
DEFAULT_LIMIT: Final = DEFAULT_PAGE_SIZE

TOTAL: Final = described("How many the whole list has.", 3)
NEXT_CURSOR: Final = described(
    "The `cursor` of the next page; null: this is the last one.", CURSOR_EXAMPLE
)


def page_request(limit: int, cursor: str | None) -> PageRequest:
    """Read which page is wanted, the newest first.

    Raises:
        InvalidInput: The cursor is none.
    """
    if cursor is None:
        return PageRequest(size=limit)
    try:
        return PageRequest(size=limit, after=page_key(cursor))
    except ValueError:
        raise InvalidInput(
            "This is no cursor of this server; take one from next_cursor.", path=("cursor",)
        ) from None


def next_cursor(page: Page) -> str | None:
    """Return the cursor of what follows a page."""
    return cursor_of(page.rows[-1]) if page.has_more else None
