from bisect import bisect_right
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gql_server.domain.rate_limits import MAX_LATENESS, MAX_PAUSE, SECOND, RateLimit

MINUTE = 60 * SECOND

requests = st.lists(
    st.tuples(
        st.integers(0, 20 * SECOND) | st.integers(0, 1000),  # after the one before
        st.booleans(),  # in the background
        st.integers(0, MAX_LATENESS),  # from its turn to its start
    ),
    max_size=200,
)


def max_in_a_minute(starts: list[int]) -> int:
    ordered = sorted(starts)
    return max(
        (bisect_right(ordered, start + MINUTE) - number for number, start in enumerate(ordered)),
        default=0,
    )


@given(per_minute=st.integers(2, 60), requested=requests, is_patient=st.booleans())
def test_no_more_start_in_any_minute_however_they_come_and_however_late_they_are(
    *, per_minute: int, requested: list[tuple[int, bool, int]], is_patient: bool
) -> None:
    limit = RateLimit(per_minute)
    starts: list[int] = []
    next_at = moment = 0
    for gap, is_background, lateness in requested:
        moment += gap
        wait, next_at = limit.take(next_at, moment, is_background=is_background)
        if wait is not None and is_patient:
            moment += wait
            wait, next_at = limit.take(next_at, moment, is_background=is_background)
            assert wait is None
        if wait is None:
            starts.append(moment + lateness)
    assert max_in_a_minute(starts) <= per_minute


@settings(max_examples=30)
@given(per_minute=st.integers(2, 800), is_background=st.booleans())
def test_who_takes_every_turn_gets_most_of_the_limit_and_never_more(
    *, per_minute: int, is_background: bool
) -> None:
    limit = RateLimit(per_minute)
    starts: list[int] = []
    next_at = moment = 0
    while moment <= 2 * MINUTE:
        wait, next_at = limit.take(next_at, moment, is_background=is_background)
        if wait is None:
            starts.append(moment)
        else:
            moment += wait
    assert max_in_a_minute(starts) <= per_minute
    assert len(starts) >= 2 * per_minute * 0.8 - 2


def test_direct_attempts_find_turns_at_once_and_go_first_while_the_background_takes_all() -> None:
    limit = RateLimit(720)
    next_at = moment = 0
    for _ in range(2000):
        wait, next_at = limit.take(next_at, moment, is_background=True)
        moment += wait or 0
    waits = []
    for _ in range(59):
        wait, next_at = limit.take(next_at, moment, is_background=False)
        waits.append(wait)
    assert waits == [None] * 59
    for _ in range(100):
        direct, next_at = limit.take(next_at, moment, is_background=False)
        background, _ = limit.take(next_at, moment, is_background=True)
        assert background is not None
        assert background > 5 * SECOND
        moment += direct or 0


@given(length=st.integers(0, 10 * MAX_PAUSE), before=st.integers(0, 100))
def test_in_a_pause_no_one_gets_a_turn_and_after_it_they_come_one_by_one(
    length: int, before: int
) -> None:
    limit = RateLimit(720)
    next_at, moment = 0, 10 * MINUTE
    for _ in range(before):
        _, next_at = limit.take(next_at, moment, is_background=False)
    next_at = limit.pause(next_at, moment, length)
    paused = min(length, MAX_PAUSE)
    wait, _ = limit.take(next_at, moment, is_background=False)
    assert (wait or 0) >= paused
    assert (wait or 0) <= paused + limit.interval
    turns: list[int] = []
    while len(turns) < 5:
        wait, next_at = limit.take(next_at, moment, is_background=False)
        if wait is None:
            turns.append(moment)
        moment += wait or 0
    assert {later - earlier for earlier, later in pairwise(turns)} == {limit.interval}


@pytest.mark.parametrize("per_minute", [2, 720])
def test_a_clock_that_was_wrong_stops_no_one_for_long(per_minute: int) -> None:
    limit = RateLimit(per_minute)
    wait, _ = limit.take(10**6 * MINUTE, 0, is_background=False)
    assert wait is not None
    assert wait <= MAX_PAUSE + limit.interval
