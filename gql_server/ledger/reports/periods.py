"""Hours, days, weeks and months in any time zone, daylight-saving changes included."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gql_server.domain.errors import ErrorCode, InvalidInput
from gql_server.quoting import quoted

MAX_PERIODS: Final = 10_000


class Interval(StrEnum):
    """The length of the periods of a timeline."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def time_zone(name: str) -> ZoneInfo:
    """Return the time zone with an IANA name, such as ``Europe/Berlin``.

    Raises:
        InvalidInput: There is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"{quoted(name)} is not a time zone. Use an IANA name such as UTC or Europe/Berlin.",
            path=("time_zone",),
        ) from None


def period_starts(
    since: datetime,
    until: datetime,
    interval: Interval,
    zone: ZoneInfo,
    *,
    limit: int = MAX_PERIODS,
) -> list[datetime]:
    """Return the starts of the periods that overlap a time range, and the end of the last, in UTC.

    Raises:
        InvalidInput: There would be more than ``limit``, or they exceed the calendar.
    """
    starts: list[datetime] = []
    try:
        for start in _from(since.astimezone(zone), interval, zone):
            starts.append(start)
            if start >= until:
                return starts
            if len(starts) > limit:
                break
    except (OverflowError, ValueError):
        raise InvalidInput(
            "The time range exceeds the calendar. Use a shorter one.", path=("interval",)
        ) from None
    raise InvalidInput(
        f"The timeline has more than {limit} periods. Use a shorter time range or longer periods"
        + (f", or set limit to {MAX_PERIODS} at most." if limit < MAX_PERIODS else "."),
        path=("interval",),
        code=ErrorCode.TOO_MANY,
    )


def month_range(moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the start and the end, in UTC, of the month that contains a time."""
    first = moment.astimezone(zone).date().replace(day=1)
    return _midnight(first, zone), _midnight(_next_month(first), zone)


def day_range(moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the start and the end, in UTC, of the day that contains a time."""
    day = moment.astimezone(zone).date()
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _from(local: datetime, interval: Interval, zone: ZoneInfo) -> Iterator[datetime]:
    if interval is Interval.HOUR:
        # Hours are counted in UTC, so that the repeated hour in autumn is two.
        start = local.astimezone(UTC) - timedelta(
            minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        while True:
            yield start
            start += timedelta(hours=1)
    day = local.date()
    if interval is Interval.WEEK:
        day -= timedelta(days=day.weekday())
    elif interval is Interval.MONTH:
        day = day.replace(day=1)
    while True:
        yield _midnight(day, zone)
        if interval is Interval.MONTH:
            day = _next_month(day)
        else:
            day += timedelta(days=7 if interval is Interval.WEEK else 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # A midnight that a zone skips is the time at which its clocks jump.
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
