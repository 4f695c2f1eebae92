"""Time is UTC, to the millisecond, and written as ISO 8601 with ``Z``."""

import re
from datetime import UTC, datetime
from typing import Final

from gql_server.quoting import quoted

MOMENT_FORM: Final = (
    "text such as 2026-01-15T10:30:00.000Z, with its offset from UTC, or a date such as 2026-01-15"
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def now() -> datetime:
    """Return the current time: aware, UTC, whole milliseconds."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def to_iso(moment: datetime) -> str:
    """Write an aware time as ``2026-01-15T10:30:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_moment(text: object) -> datetime:
    """Read a time in ISO 8601 with any offset, as UTC; a date is the start of its day.

    Raises:
        TypeError: It is not text.
        ValueError: It is not a time, has neither an offset nor the form of a date, or lies beyond
            the calendar.
    """
    if not isinstance(text, str):
        raise TypeError(f"A timestamp is {MOMENT_FORM}")
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            if not _DATE.fullmatch(text):
                raise ValueError("no offset")
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{quoted(text)} is not {MOMENT_FORM}") from error
