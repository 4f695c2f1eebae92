"""Names of operations as values of labels, of which there must not be too many."""

from typing import Final

OTHER: Final = "other"
"""The name of all operations beyond the limit."""

MAX_LENGTH: Final = 64


class OperationNames:
    """Keeps the first names as they are; the names after them are one: ``other``.

    Clients choose names, and Prometheus keeps each name.
    """

    def __init__(self, limit: int = 200) -> None:
        """Take the number of names."""
        self._limit = limit
        self._known: dict[str, str] = {}

    def of(self, name: str) -> str:
        """Return the value of the label for a name."""
        known = self._known.get(name)
        if known is not None:
            return known
        if len(name) > MAX_LENGTH or len(self._known) >= self._limit:
            return OTHER
        self._known[name] = name
        return name
