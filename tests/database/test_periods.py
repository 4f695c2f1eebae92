from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gql_server.database.queries.periods import (
    DAY,
    QUARTER,
    RollupPeriod,
    TimeRange,
    cover,
    month_after,
    month_of,
)

FIRST = datetime(2027, 12, 1, tzinfo=UTC)
LENGTHS = {RollupPeriod.QUARTER: QUARTER, RollupPeriod.DAY: DAY}
QUARTERS = st.integers(0, 150 * 96).map(lambda number: FIRST + number * QUARTER)


@given(one=QUARTERS, other=QUARTERS, longest=st.sampled_from(RollupPeriod))
def test_the_parts_come_to_each_quarter_of_the_range_once(
    one: datetime, other: datetime, longest: RollupPeriod
) -> None:
    since, until = sorted((one, other))
    changes: Counter[datetime] = Counter({since: 1})
    changes[until] -= 1
    for part in cover(TimeRange(since=since, until=until), longest):
        assert part.since is not None
        changes[part.since] -= part.sign
        changes[part.until] += part.sign
        if part.period is RollupPeriod.MONTH:
            assert part.since == month_of(part.since)
            assert part.until == month_of(part.until)
        else:
            length = LENGTHS[part.period]
            assert (part.since - FIRST) % length == (part.until - FIRST) % length == timedelta()
    assert not any(changes.values())


@given(one=QUARTERS, other=QUARTERS)
def test_few_roll_ups_are_read_of_any_range_longer_than_a_month(
    one: datetime, other: datetime
) -> None:
    since, until = sorted((one, other))
    if month_after(month_of(since)) >= month_of(until):
        return
    read: Counter[RollupPeriod] = Counter()
    for part in cover(TimeRange(since=since, until=until), RollupPeriod.MONTH):
        assert part.since is not None
        if part.period is not RollupPeriod.MONTH:
            read[part.period] += (part.until - part.since) // LENGTHS[part.period]
    assert read[RollupPeriod.DAY] <= 2 * 16
    assert read[RollupPeriod.QUARTER] <= 2 * 48


def test_a_range_may_have_no_start_and_end_with_the_calendar() -> None:
    until = datetime(9999, 12, 31, 23, 45, tzinfo=UTC)
    parts = list(cover(TimeRange(since=None, until=until), RollupPeriod.MONTH))
    assert [(part.sign, part.period) for part in parts] == [
        (1, RollupPeriod.QUARTER),
        (1, RollupPeriod.DAY),
        (1, RollupPeriod.MONTH),
    ]
    assert parts[-1].since is None
