"""``Retry-After``, whatever stands in it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gql_server.domain.retry_after import MAX_SECONDS, read_retry_after

DATE = "Fri, 27 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "date", "expected"),
    [
        ("7", None, 7),
        (" 7 ", None, 7),
        ("9" * 400, None, MAX_SECONDS),
        ("Fri, 27 Nov 2026 12:01:00 GMT", DATE, 60),
        ("Fri, 27 Nov 2026 11:00:00 GMT", DATE, 0),
        ("Fri, 27 Nov 2026 12:01:00 -0000", DATE, 60),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", DATE, None),
        ("Mon, 01 Jan 9999 00:00:00 GMT", DATE, MAX_SECONDS),
        ("soon", DATE, None),
        ("-1", DATE, None),
        ("1.5", DATE, None),
        ("\u0667", DATE, None),
        ("", DATE, None),
        (None, None, None),
    ],
)
def test_it_is_seconds_or_a_date(value: str | None, date: str | None, expected: float) -> None:
    assert read_retry_after(value, date=date) == expected


ODD = st.text() | st.from_regex(
    r"[A-Z][a-z]{2}, [0-9]{1,20} [A-Z][a-z]{2} -?[0-9]{1,25} [0-9:]{0,9} ?[A-Z+0-9-]{0,9}"
)


@given(value=ODD, date=st.none() | ODD)
@example("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None)
def test_no_header_raises_or_holds_us_for_ever(value: str, date: str | None) -> None:
    found = read_retry_after(value, date=date)
    assert found is None or 0 <= found <= MAX_SECONDS
