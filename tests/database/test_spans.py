from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gql_server.database.queries.periods import (
    DAY,
    QUARTER,
    Span,
    TimeRange,
    cover,
    month_after,
    month_of,
)

FIRST = datetime(2027, 12, 1, tzinfo=UTC)
LENGTHS = {Span.QUARTER: QUARTER, Span.DAY: DAY}
QUARTERS = st.integers(0, 150 * 96).map(lambda number: FIRST + number * QUARTER)


@given(one=QUARTERS, other=QUARTERS, longest=st.sampled_from(Span))
def test_the_parts_come_to_each_quarter_of_the_range_once(
    one: datetime, other: datetime, longest: Span
) -> None:
    since, until = sorted((one, other))
    changes: Counter[datetime] = Counter({since: 1})
    changes[until] -= 1
    for part in cover(TimeRange(since=since, until=until), longest):
        assert part.since is not None
        changes[part.since] -= part.sign
        changes[part.until] += part.sign
        if part.span is Span.MONTH:
            assert part.since == month_of(part.since)
            assert part.until == month_of(part.until)
        else:
            length = LENGTHS[part.span]
            assert (part.since - FIRST) % length == (part.until - FIRST) % length == timedelta()
    assert not any(changes.values())


@given(one=QUARTERS, other=QUARTERS)
def test_few_roll_ups_are_read_of_any_range_longer_than_a_month(
    one: datetime, other: datetime
) -> None:
    since, until = sorted((one, other))
    if month_after(month_of(since)) >= month_of(until):
        return
    read: Counter[Span] = Counter()
    for part in cover(TimeRange(since=since, until=until), Span.MONTH):
        assert part.since is not None
        if part.span is not Span.MONTH:
            read[part.span] += (part.until - part.since) // LENGTHS[part.span]
    assert read[Span.DAY] <= 2 * 16
    assert read[Span.QUARTER] <= 2 * 48


def test_a_range_may_have_no_start_and_end_with_the_calendar() -> None:
    until = datetime(9999, 12, 31, 23, 45, tzinfo=UTC)
    parts = list(cover(TimeRange(since=None, until=until), Span.MONTH))
    assert [(part.sign, part.span) for part in parts] == [
        (1, Span.QUARTER),
        (1, Span.DAY),
        (1, Span.MONTH),
    ]
    assert parts[-1].since is None
