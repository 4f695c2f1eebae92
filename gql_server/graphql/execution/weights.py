"""How fields say what they weigh in the cost of an operation: in their metadata.

A list that is no connection has one of two: ``LIST_SIZE``, the most entries that it ever has, or
an argument ``limit``, whose default and maximum the metadata gives as ``LIST_LIMIT``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

LIST_SIZE: Final = "list_size"
"""In a field's metadata: the most entries that its list has, an ``int``."""

LIST_LIMIT: Final = "list_limit"
"""In a field's metadata: how its argument ``limit`` is read, a ``ListLimit``."""

WORK: Final = "work"
"""In a field's metadata: what resolving it costs beside its objects, a ``Work``."""

Work = Callable[[Mapping[str, Any]], int]
"""Returns the cost of resolving a field from its arguments, as plain values."""


@dataclass(frozen=True, slots=True)
class ListLimit:
    """The argument ``limit`` of a list.

    Attributes:
        default: The entries of a list that is selected without a limit.
        maximum: The most that a limit may be.
    """

    default: int
    maximum: int


def list_size(size: int) -> dict[str, Any]:
    """Return the metadata of a list that has at most so many entries."""
    return {LIST_SIZE: size}
