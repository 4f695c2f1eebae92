"""Amounts in hand-written files: decimal text, exact to the smallest unit or refused."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from gql_server.domain.money import milli_neurons, nano_dollars


def _is_text(amount: object) -> object:
    if not isinstance(amount, str):
        raise ValueError("write the amount as a string, so that it stays exact")  # noqa: TRY004 - what pydantic reports
    return amount


def _is_exact_dollars(amount: Decimal) -> Decimal:
    nano_dollars(amount)
    return amount


def _is_exact_neurons(amount: Decimal) -> Decimal:
    milli_neurons(amount)
    return amount


DollarAmount = Annotated[Decimal, BeforeValidator(_is_text), AfterValidator(_is_exact_dollars)]
"""Zero or more dollars, such as ``"0.0000528"``, no finer than a billionth."""

NeuronAmount = Annotated[Decimal, BeforeValidator(_is_text), AfterValidator(_is_exact_neurons)]
"""Zero or more neurons, such as ``"4.80"``, no finer than a thousandth."""
