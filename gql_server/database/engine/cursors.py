"""Cursors: the page key of a row as text that clients store and send back."""

import re
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from datetime import UTC, datetime, timedelta
from typing import Final

from gql_server.database.engine.pages import PageColumns, PageKey, PageRecord, page_key_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_CURSOR: Final = re.compile(r"(?P<micros>-?[0-9]{1,17}):(?P<id>[a-z]{3}_[0-9a-z]{26})", re.ASCII)


def cursor_of(row: PageRecord | PageColumns) -> str:
    """Return the cursor of a row. Cursors do not expire."""
    key = page_key_of(row)
    return cursor_at((key.created_at - _EPOCH) // timedelta(microseconds=1), key.id)


def cursor_at(microseconds: int, row_id: str) -> str:
    """Return the cursor of a row that was created this many microseconds after 1970."""
    coded = b2a_base64(f"{microseconds}:{row_id}".encode(), newline=False)
    return coded.translate(_URL_SAFE).decode()


def page_key(cursor: str) -> PageKey:
    """Read a cursor.

    Raises:
        ValueError: The text is not a cursor.
    """
    found = _CURSOR.fullmatch(urlsafe_b64decode(cursor.encode()).decode("ascii"))
    if found is None:
        raise ValueError("not a cursor")
    try:
        moment = _EPOCH + timedelta(microseconds=int(found["micros"]))
    except OverflowError as error:
        raise ValueError("not a moment") from error
    return PageKey(moment, found["id"])
