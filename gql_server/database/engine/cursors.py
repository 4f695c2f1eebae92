"""Cursors: a row's place in its list as text that clients keep and send back."""

import re
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from datetime import UTC, datetime, timedelta
from typing import Final

from gql_server.database.engine.pages import Facts, PageKey

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_CURSOR: Final = re.compile(r"(?P<micros>-?[0-9]{1,17}):(?P<id>[a-z]{3}_[0-9a-z]{26})", re.ASCII)


def cursor_of(row: Facts) -> str:
    """Return the cursor of a row, which has ``created_at`` and ``id``; it is good for ever."""
    moment: datetime = row["created_at"]
    return cursor_at((moment - _EPOCH) // timedelta(microseconds=1), row["id"])


def cursor_at(microseconds: int, row_id: str) -> str:
    """Return the cursor of a row that was made so long after 1970."""
    coded = b2a_base64(f"{microseconds}:{row_id}".encode(), newline=False)
    return coded.translate(_URL_SAFE).decode()


def page_key(cursor: str) -> PageKey:
    """Read a cursor.

    Raises:
        ValueError: It is none.
    """
    found = _CURSOR.fullmatch(urlsafe_b64decode(cursor.encode()).decode("ascii"))
    if found is None:
        raise ValueError("another form")
    try:
        moment = _EPOCH + timedelta(microseconds=int(found["micros"]))
    except OverflowError as error:
        raise ValueError("no moment") from error
    return PageKey(moment, found["id"])
