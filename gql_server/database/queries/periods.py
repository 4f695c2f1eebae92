"""Quarters of an hour, days and months in UTC: the periods of roll-ups and reports."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import MAXYEAR, UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

QUARTER: Final = timedelta(minutes=15)
DAY: Final = timedelta(days=1)


class RollupPeriod(StrEnum):
    """The period of a roll-up. Time zones differ by quarters of an hour, so none is shorter."""

    QUARTER = "quarter"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """A time range that starts and ends with a quarter of an hour; None has no start."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Roll-ups of one period, from ``since`` to before ``until``.

    Attributes:
        sign: 1 if they are added, -1 if they are subtracted.
        period: The period of each.
        since: The start of the first; None means no start.
        until: The end of the last.
    """

    sign: int = 1
    period: RollupPeriod
    since: datetime | None
    until: datetime


def quarter_of(moment: datetime) -> datetime:
    """Return the start of the quarter of an hour of a time."""
    moment = moment.astimezone(UTC)
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


def day_of(moment: datetime) -> datetime:
    """Return the start of the UTC day of a time."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def month_of(moment: datetime) -> datetime:
    """Return the start of the UTC month of a time."""
    return day_of(moment).replace(day=1)


def month_after(month: datetime) -> datetime:
    """Return the start of the month that follows the one with this start."""
    return (month + 31 * DAY).replace(day=1)


def cover(time: TimeRange, longest: RollupPeriod) -> Iterator[Part]:
    """Yield the parts that make up a time range, with few roll-ups.

    Whole months count as such, whole days before and after them, and quarters at the ends. If most
    of a month or a day is in the range, the whole is counted and the rest subtracted, so that at
    most half of its days or quarters are read.
    """
    if longest is RollupPeriod.QUARTER:
        yield Part(period=longest, since=time.since, until=time.until)
        return
    start_of, after, shorter = _LONGER[longest]
    first, last = time.since, start_of(time.until)
    if time.since is not None:
        first = start_of(time.since)
        if first >= last:
            end = after(first) if first.year < MAXYEAR else None
            if end is not None and end - first < 2 * (time.until - time.since):
                yield Part(period=longest, since=first, until=end)
                yield from _taken_away(first, time.since, shorter)
                yield from _taken_away(time.until, end, shorter)
            else:
                yield from cover(time, shorter)
            return
        if first < time.since:
            second = after(first)
            if time.since - first < second - time.since:
                yield from _taken_away(first, time.since, shorter)
            else:
                yield from cover(TimeRange(since=time.since, until=second), shorter)
                first = second
    if last < time.until:
        # The calendar may end before the month does.
        end = after(last) if last.year < MAXYEAR else None
        if end is not None and end - time.until < time.until - last:
            yield from _taken_away(time.until, end, shorter)
            last = end
        else:
            yield from cover(TimeRange(since=last, until=time.until), shorter)
    if first is None or first < last:
        yield Part(period=longest, since=first, until=last)


def _taken_away(since: datetime, until: datetime, longest: RollupPeriod) -> Iterator[Part]:
    if since == until:
        return
    for part in cover(TimeRange(since=since, until=until), longest):
        yield replace(part, sign=-part.sign)


_LONGER: Final[
    Mapping[
        RollupPeriod,
        tuple[Callable[[datetime], datetime], Callable[[datetime], datetime], RollupPeriod],
    ]
] = {
    RollupPeriod.MONTH: (month_of, month_after, RollupPeriod.DAY),
    RollupPeriod.DAY: (day_of, lambda day: day + DAY, RollupPeriod.QUARTER),
}
"""Of each longer period: its start, the start of the next one, and the next shorter period."""
