"""The header ``Retry-After`` (RFC 9110, 10.2.3), with any content."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from gql_server.domain.clock import now

MAX_SECONDS: Final = 366 * 24 * 3600.0
"""No other server can make us wait longer than a year."""

_MAX_DIGITS: Final = 9


def read_retry_after(value: str | None, *, date: str | None = None) -> float | None:
    """Return the seconds to wait, from 0 to ``MAX_SECONDS``; None without a valid header.

    Args:
        value: The header; whole seconds, or a date.
        date: The response's own ``Date``, if it has one: dates are relative to it, so that clocks
            may differ.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:_MAX_DIGITS]), MAX_SECONDS)
    moment = _moment(text)
    if moment is None:
        return None
    seconds = (moment - (_moment(date or "") or now())).total_seconds()
    return min(max(0.0, seconds), MAX_SECONDS)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except Exception:  # noqa: BLE001 - the parser of any text can fail in any way
        return None
