from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gql_server.domain.errors import InvalidInput
from gql_server.ledger.reports.periods import Interval, month_range, period_starts, time_zone

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
)


def hours_of(since: datetime, until: datetime, interval: Interval) -> list[float]:
    starts = period_starts(since, until, interval, BERLIN)
    return [(end - start) / timedelta(hours=1) for start, end in pairwise(starts)]


def test_a_day_has_23_hours_in_spring_and_25_in_autumn() -> None:
    spring = datetime(2026, 3, 28, tzinfo=BERLIN), datetime(2026, 3, 31, tzinfo=BERLIN)
    autumn = datetime(2026, 10, 24, tzinfo=BERLIN), datetime(2026, 10, 27, tzinfo=BERLIN)
    assert hours_of(*spring, Interval.DAY) == [24, 23, 24]
    assert hours_of(*autumn, Interval.DAY) == [24, 25, 24]


def test_the_repeated_hour_is_two_and_the_skipped_one_is_none() -> None:
    autumn = datetime(2026, 10, 25, tzinfo=BERLIN), datetime(2026, 10, 26, tzinfo=BERLIN)
    spring = datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 3, 30, tzinfo=BERLIN)
    assert hours_of(*autumn, Interval.HOUR) == [1] * 25
    assert hours_of(*spring, Interval.HOUR) == [1] * 23


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    weeks = period_starts(since, until, Interval.WEEK, ZoneInfo("UTC"))
    assert weeks[0] == datetime(2025, 12, 29, tzinfo=UTC)
    assert {start.weekday() for start in weeks} == {0}
    months = period_starts(since, until, Interval.MONTH, ZoneInfo("UTC"))
    assert months == [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3)]


@given(
    st.integers(946_684_800, 2_208_988_800),
    st.timedeltas(timedelta(minutes=1), timedelta(days=100)),
    st.sampled_from(Interval),
    ZONES,
)
def test_periods_cover_the_span_without_gap(
    second: int, length: timedelta, interval: Interval, zone: str
) -> None:
    since = datetime.fromtimestamp(second, UTC)
    until = since + length
    starts = period_starts(since, until, interval, ZoneInfo(zone))
    assert starts == sorted(set(starts))
    assert starts[0] <= since < starts[1]
    assert starts[-2] < until <= starts[-1]
    assert all(start.minute % 15 == start.second == 0 for start in starts)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "\x00", "Europe"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        time_zone(name)


def test_a_month_is_the_zones() -> None:
    start, end = month_range(datetime(2026, 2, 28, 23, 30, tzinfo=UTC), BERLIN)
    assert start == datetime(2026, 3, 1, tzinfo=BERLIN)
    assert end == datetime(2026, 4, 1, tzinfo=BERLIN)


@pytest.mark.parametrize("interval", Interval)
def test_what_reaches_beyond_the_calendar_is_refused(interval: Interval) -> None:
    first = datetime.min.replace(tzinfo=UTC)
    last = datetime.max.replace(tzinfo=UTC)
    for since, until, zone in (
        (first, first + timedelta(days=40), "Etc/GMT+12"),
        (last - timedelta(days=40), last, "UTC"),
        (last - timedelta(days=40), last, "Etc/GMT-14"),
    ):
        with pytest.raises(InvalidInput) as refused:
            period_starts(since, until, interval, time_zone(zone))
        assert refused.value.path == ("interval",)
