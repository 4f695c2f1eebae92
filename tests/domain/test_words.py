"""Ids, moments and text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gql_server.domain.clock import now, to_iso
from gql_server.domain.ids import has_prefix, new_id
from gql_server.domain.text import is_storable, text_errors


def test_ids_are_prefixed_lower_case_and_unique() -> None:
    made = {new_id("img") for _ in range(1000)}
    assert len(made) == 1000
    assert all(value == value.lower() and has_prefix(value, "img") for value in made)


@pytest.mark.parametrize(
    "value", ["", "img_", "img", "tpl_01jd2k0000000000000000000a", "img_" + "é" * 26]
)
def test_what_is_not_shaped_like_an_id_is_reported(value: str) -> None:
    assert not has_prefix(value, "img")


def test_now_is_aware_and_whole_in_milliseconds() -> None:
    moment = now()
    assert moment.utcoffset() == timedelta(0)
    assert moment.microsecond % 1000 == 0


def test_moments_are_written_in_utc_with_milliseconds() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    assert to_iso(datetime(2024, 1, 15, 16, 0, 0, 5000, tzinfo=east)) == "2024-01-15T10:30:00.005Z"
    assert to_iso(datetime(2024, 1, 15, tzinfo=UTC)) == "2024-01-15T00:00:00.000Z"


WHOLE_TEXT = st.text(st.characters(exclude_characters="\x00", codec="utf-8"))
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | WHOLE_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WHOLE_TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(JSON_VALUES)
def test_whole_json_is_storable(value: object) -> None:
    assert is_storable(value)


@given(JSON_VALUES, st.sampled_from(["\x00", "a\x00b", "\ud800", float("nan"), float("inf")]))
def test_json_with_a_hole_anywhere_is_not(value: object, hole: str | float) -> None:
    assert not is_storable([value, {"deep": [hole]}])
    if isinstance(hole, str):
        assert not is_storable({hole: value})


def test_every_error_of_a_text_is_reported() -> None:
    errors = list(text_errors("\x00", path=("x",), label="Text", minimum=3, maximum=4))
    assert [error.code for error in errors] == ["TOO_SHORT", "INVALID"]
    too_long = text_errors("\x00" * 5, path=("x",), label="Text", minimum=3, maximum=4)
    assert [error.code for error in too_long] == ["TOO_LONG"]
    assert all(error.path == ("x",) for error in errors)
    assert list(text_errors(" ok ", path=(), label="Text", minimum=2, maximum=4)) == []
