"""Cursors: the page key of a row as text that clients store and send back."""

import re
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from gql_server.database.engine.pages import (
    PageColumns,
    PageKey,
    PageOrder,
    PageRecord,
    PageRequest,
)
from gql_server.domain.errors import InvalidInput

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_CURSOR: Final = re.compile(
    r"(?:(?P<column>[a-z_]{1,20})=)?(?P<value>-?[0-9]{1,18}):(?P<id>[a-z]{3}_[0-9a-z]{26})",
    re.ASCII,
)
_TIME: Final = "created_at"


def page_after(size: int, cursor: str | None, *, hint: str) -> PageRequest:
    """Return a request for a page of a list, newest entries first.

    Args:
        size: Maximum number of rows.
        cursor: The cursor that the page follows; None: the first page.
        hint: What to use instead of an invalid cursor, for the error.

    Raises:
        InvalidInput: The cursor is invalid.
    """
    if cursor is None:
        return PageRequest(size=size)
    try:
        return PageRequest(size=size, after=page_key(cursor))
    except ValueError:
        raise InvalidInput(f"The cursor is invalid. {hint}", path=("cursor",)) from None


def cursor_of(row: PageRecord | PageColumns, order: PageOrder = PageOrder.NEWEST_FIRST) -> str:
    """Return the cursor of a row in a list. Cursors do not expire."""
    if not order.is_by_time:
        values = cast("Mapping[str, Any]", row)
        return _coded(f"{order.column}={values[order.column]}:{values['id']}")
    created_at, row_id = (
        (row["created_at"], row["id"]) if isinstance(row, dict) else (row.created_at, row.id)
    )
    return cursor_at((created_at - _EPOCH) // timedelta(microseconds=1), row_id)


def cursor_at(microseconds: int, row_id: str) -> str:
    """Return the cursor of a row that was created this many microseconds after 1970."""
    return _coded(f"{microseconds}:{row_id}")


def page_key(cursor: str, order: PageOrder = PageOrder.NEWEST_FIRST) -> PageKey:
    """Read a cursor of a list with this order, or with the opposite one.

    Raises:
        ValueError: The text is not a cursor, or one of a list that is sorted by something else.
    """
    found = _CURSOR.fullmatch(urlsafe_b64decode(cursor.encode()).decode("ascii"))
    if found is None:
        raise ValueError("not a cursor")
    if (found["column"] or _TIME) != order.column:
        raise ValueError("a cursor of another order")
    value = int(found["value"])
    if not order.is_by_time:
        return PageKey(value, found["id"])
    try:
        return PageKey(_EPOCH + timedelta(microseconds=value), found["id"])
    except OverflowError as error:
        raise ValueError("not a moment") from error


def _coded(text: str) -> str:
    return b2a_base64(text.encode(), newline=False).translate(_URL_SAFE).decode()
