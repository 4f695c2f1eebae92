"""Counting what each user or address has open in this process, up to a limit."""

from collections import Counter
from typing import Final


class ConnectionCounts:
    """Counts open connections by their owner: a user, or an address.

    Each process counts its own connections.

    Attributes:
        limit: Maximum number for each owner.
    """

    def __init__(self, limit: int) -> None:
        self.limit: Final = limit
        self._open: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """How many are open in this process."""
        return self._open.total()

    def add(self, owner: str) -> bool:
        """Count one more, unless the limit is reached; return whether it was counted."""
        if self._open[owner] >= self.limit:
            return False
        self._open[owner] += 1
        return True

    def remove(self, owner: str) -> None:
        """Count one less, which ``add`` counted."""
        self._open[owner] -= 1
        if not self._open[owner]:
            del self._open[owner]
