"""Money and neurons as integers: billionths of a US dollar, thousandths of a neuron."""

from decimal import Decimal
from typing import Final, NewType

NanoDollars = NewType("NanoDollars", int)
"""Billionths of a US dollar."""

MilliNeurons = NewType("MilliNeurons", int)
"""Thousandths of a neuron, Cloudflare's unit of work."""

_NANOS_PER_DOLLAR: Final = 1_000_000_000
_MILLIS_PER_NEURON: Final = 1_000


def nano_dollars(dollars: Decimal) -> NanoDollars:
    """Convert an exact decimal of dollars.

    Raises:
        ValueError: The amount is negative or finer than a billionth of a dollar.
    """
    return NanoDollars(_whole(dollars, _NANOS_PER_DOLLAR, "a billionth of a dollar"))


def milli_neurons(neurons: Decimal) -> MilliNeurons:
    """Convert an exact decimal of neurons.

    Raises:
        ValueError: The amount is negative or finer than a thousandth of a neuron.
    """
    return MilliNeurons(_whole(neurons, _MILLIS_PER_NEURON, "a thousandth of a neuron"))


def signed_nano_dollars(dollars: Decimal) -> int:
    """Convert an exact decimal of dollars that may be negative.

    Raises:
        ValueError: The amount is finer than a billionth of a dollar.
    """
    amount = nano_dollars(abs(dollars))
    return -amount if dollars < 0 else amount


def round_down_to_nanos(dollars: float) -> NanoDollars:
    """Convert a client's limit in dollars, rounded down to whole billionths."""
    return NanoDollars(int(Decimal(repr(dollars)) * _NANOS_PER_DOLLAR))


def to_dollars(amount: int) -> float:
    """Convert billionths of a dollar to dollars, for responses only."""
    return amount / _NANOS_PER_DOLLAR


def to_neurons(amount: int) -> float:
    """Convert thousandths of a neuron to neurons, for responses only."""
    return amount / _MILLIS_PER_NEURON


def decimal_dollars(amount: int) -> str:
    """Write billionths of a dollar as an exact decimal of dollars, such as ``0.0006336``."""
    return _decimal(amount, _NANOS_PER_DOLLAR)


def decimal_neurons(amount: int) -> str:
    """Write thousandths of a neuron as an exact decimal of neurons, such as ``57.6``."""
    return _decimal(amount, _MILLIS_PER_NEURON)


def _decimal(amount: int, per_unit: int) -> str:
    exact = (Decimal(amount) / per_unit).normalize()
    return f"{exact:f}"


def _whole(amount: Decimal, per_unit: int, finest: str) -> int:
    scaled = amount * per_unit
    if not scaled.is_finite() or scaled < 0 or scaled != scaled.to_integral_value():
        message = f"{amount} must be zero or more and no finer than {finest}"
        raise ValueError(message)
    return int(scaled)
