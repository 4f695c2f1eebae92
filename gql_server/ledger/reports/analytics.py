"""Spending, read from the roll-ups of the ledger."""

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import islice
from typing import Final

from gql_server.database.engine.engine import Database
from gql_server.database.queries.periods import QUARTER, RollupPeriod, TimeRange, day_of, quarter_of
from gql_server.database.queries.rollups import (
    Grouping,
    RollupFilter,
    Totals,
    first_start,
    sum_rollups,
    sum_rollups_by,
    sum_rollups_by_start,
)
from gql_server.domain.clock import now
from gql_server.domain.errors import InvalidInput
from gql_server.ledger.reports.periods import (
    MAX_PERIODS,
    Interval,
    month_range,
    period_starts,
    time_zone,
)

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPeriod:
    """One period of a timeline: from ``starts_at`` to before ``ends_at``, in UTC."""

    starts_at: datetime
    ends_at: datetime
    totals: Totals


class CostReport:
    """Charges in a time range; each figure is read from the database when it is first requested.

    The range is widened to whole quarters of an hour, the resolution of the roll-ups.
    """

    def __init__(
        self,
        database: Database,
        where: RollupFilter,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        """Take the time range.

        Raises:
            InvalidInput: It ends before it begins, or exceeds the calendar.
        """
        if since is not None and until is not None and until < since:
            raise InvalidInput("until is before since.", path=("until",))
        self._database = database
        self._where = where
        self.since = quarter_of(since) if since is not None else None
        self.until = _quarter_after(until) if until is not None else None
        self._time = TimeRange(since=self.since, until=self.until or _quarter_after(now()))
        self._totals: asyncio.Task[Totals] | None = None

    async def totals(self) -> Totals:
        """Sum up the time range, once for all callers."""
        if self._totals is None:
            self._totals = asyncio.create_task(self._sum())
        return await self._totals

    async def _sum(self) -> Totals:
        async with self._database.read() as connection:
            return await sum_rollups(connection, self._where, self._time)

    async def previous(self) -> Totals | None:
        """Sum up the preceding time range of the same length; None without a start."""
        since = self._time.since
        if since is None:
            return None
        length = min(self._time.until - since, since - _EARLIEST)
        if length <= timedelta():  # it begins in the future, or at the start of the calendar
            return Totals()
        time = TimeRange(since=since - length, until=since)
        async with self._database.read() as connection:
            return await sum_rollups(connection, self._where, time)

    async def totals_by(self, by: Grouping, *, limit: int | None = None) -> Mapping[str, Totals]:
        """Sum up the time range by user, model or template, the most expensive first.

        Args:
            by: What to group by.
            limit: Maximum number of groups; None: all of them.
        """
        async with self._database.read() as connection:
            found = await sum_rollups_by(connection, by, self._where, self._time)
        return dict(islice(found.items(), limit))

    async def timeline(
        self, interval: Interval, zone_name: str, *, limit: int = MAX_PERIODS
    ) -> Sequence[CostPeriod]:
        """Sum up each period of the time range, including those without charges.

        The first and the last period count only what lies in the time range.

        Raises:
            InvalidInput: There is no such time zone, or there would be too many periods.
        """
        zone = time_zone(zone_name)
        async with self._database.read() as connection:
            since = self._time.since or await first_start(connection, self._where)
            if since is None:
                return []
            starts = period_starts(since, self._time.until, interval, zone, limit=limit)
            found = await sum_rollups_by_start(
                connection,
                _max_period(starts),
                self._where,
                TimeRange(since=since, until=self._time.until),
            )
        sums = [Totals()] * (len(starts) - 1)
        for start, totals in found:
            index = bisect_right(starts, start) - 1
            sums[index] = add_totals(sums[index], totals)
        return [
            CostPeriod(starts_at=start, ends_at=end, totals=totals)
            for start, end, totals in zip(starts[:-1], starts[1:], sums, strict=True)
        ]

    async def projected_month(self) -> int:
        """Return the projected cost of the current UTC month, at its rate so far."""
        moment = now()
        start, end = month_range(moment, time_zone("UTC"))
        async with self._database.read() as connection:
            spent = await sum_rollups(
                connection, self._where, TimeRange(since=start, until=_quarter_after(moment))
            )
        elapsed, whole = (moment - start).total_seconds(), (end - start).total_seconds()
        return round(spent.amount * whole / max(elapsed, QUARTER.total_seconds()))


def add_totals(*many: Totals) -> Totals:
    """Add up sums."""
    return reduce(
        lambda one, other: Totals(
            images=one.images + other.images,
            amount=one.amount + other.amount,
            provider_cost=one.provider_cost + other.provider_cost,
            neurons=one.neurons + other.neurons,
        ),
        many,
        Totals(),
    )


def _max_period(starts: Iterable[datetime]) -> RollupPeriod:
    """Return the longest period that none of these times divides."""
    longest = RollupPeriod.MONTH
    for start in starts:
        if start != day_of(start):
            return RollupPeriod.QUARTER
        if start.day > 1:
            longest = RollupPeriod.DAY
    return longest


def _quarter_after(moment: datetime) -> datetime:
    start = quarter_of(moment)
    try:
        return start if start == moment else start + QUARTER
    except OverflowError:
        return datetime.max.replace(minute=45, second=0, microsecond=0, tzinfo=UTC)
