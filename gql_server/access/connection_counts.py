"""Counting what each user or address has open in this process, up to a limit."""

from collections import Counter
from typing import Final


class ConnectionCounts:
    """Counts open connections by their owner: a user, or an address.

    Each process counts its own connections.

    Attributes:
        limit: Maximum number for each owner.
    """

    def __init__(self, limit: int, *, total: int | None = None) -> None:
        """Take the maximum for each owner, and for all of them; None: only each is limited."""
        self.limit: Final = limit
        self._max_total = total
        self._total = 0
        self._open: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """How many are open in this process."""
        return self._total

    @property
    def is_full(self) -> bool:
        """Whether all owners together have reached the maximum."""
        return self._max_total is not None and self._total >= self._max_total

    def add(self, owner: str) -> bool:
        """Count one more, unless a limit is reached; return whether it was counted."""
        if self.is_full or self._open[owner] >= self.limit:
            return False
        self._open[owner] += 1
        self._total += 1
        return True

    def remove(self, owner: str) -> None:
        """Count one less, which ``add`` counted."""
        self._total -= 1
        self._open[owner] -= 1
        if not self._open[owner]:
            del self._open[owner]
