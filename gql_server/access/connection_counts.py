"""How many of something each one has open in this process, up to a limit."""

from collections import Counter
from typing import Final


class ConnectionCounts:
    """Counts what is open by who opened it: a user, or an address.

    Each process counts for itself: what is open lives and dies with it.

    Attributes:
        limit: How many one may have.
    """

    def __init__(self, limit: int) -> None:
        self.limit: Final = limit
        self._open: Counter[str] = Counter()

    def add(self, owner: str) -> bool:
        """Count one more, unless there are as many as there may be; tell whether it was."""
        if self._open[owner] >= self.limit:
            return False
        self._open[owner] += 1
        return True

    def remove(self, owner: str) -> None:
        """Count one less, which ``add`` counted."""
        self._open[owner] -= 1
        if not self._open[owner]:
            del self._open[owner]
