from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gql_server.domain.money import milli_neurons, nano_dollars, to_dollars, to_neurons


@pytest.mark.parametrize(
    ("dollars", "amount"),
    [("0", 0), ("0.000000001", 1), ("0.0000528", 52_800), ("0.01", 10_000_000), ("1E+3", 10**12)],
)
def test_dollars_become_whole_billionths(dollars: str, amount: int) -> None:
    assert nano_dollars(Decimal(dollars)) == amount


@pytest.mark.parametrize("dollars", ["-0.01", "0.0000000001", "NaN", "Infinity"])
def test_what_is_not_exact_is_refused(dollars: str) -> None:
    with pytest.raises(ValueError, match="billionth"):
        nano_dollars(Decimal(dollars))


def test_neurons_become_whole_thousandths() -> None:
    assert milli_neurons(Decimal("1363.64")) == 1_363_640
    with pytest.raises(ValueError, match="thousandth"):
        milli_neurons(Decimal("0.0001"))


@given(st.integers(min_value=0, max_value=10**15))
def test_an_amount_is_written_as_its_own_decimal(amount: int) -> None:
    assert nano_dollars(Decimal(repr(to_dollars(amount)))) == amount
    assert milli_neurons(Decimal(repr(to_neurons(amount)))) == amount
