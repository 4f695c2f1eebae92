"""The rate limit of the provider's account: attempts per minute, and when the next may start.

The rule is the generic cell rate algorithm (GCRA): permits are an interval apart, and up to a
burst of them may be taken early. A single number is stored: when the next permit is due for a
caller who takes none early.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

SECOND: Final = 1_000_000
"""Microseconds: every time and length here is a whole number of them."""

MAX_LATENESS: Final = 2 * SECOND
"""How much later than its permit an attempt may start; a later one needs another permit."""

MAX_PAUSE: Final = 60 * SECOND

_WINDOW: Final = 60 * SECOND
_BURST_SHARE: Final = 10
_BACKGROUND_BURST_SHARE: Final = 60


class PermitResult(NamedTuple):
    """The outcome of requesting a permit.

    Attributes:
        wait: How long to wait before the next request; None: the permit was granted.
        next_at: The number to store.
    """

    wait: int | None
    next_at: int


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A maximum number of attempts in any 60 seconds.

    No window has more than burst + window ÷ interval permits. The interval is such that this holds
    for 60 seconds plus the permitted lateness. Background work leaves part of the burst unused, so
    that interactive requests get permits immediately however much background work waits, and go
    first as long as they use that part.

    Attributes:
        per_minute: Maximum number of attempts, at least 2.
    """

    per_minute: int

    @property
    def interval(self) -> int:
        """The time between permits."""
        return -(-(_WINDOW + MAX_LATENESS) // (self.per_minute - self._burst))

    def early(self, *, is_background: bool) -> int:
        """Return how long before it is due a permit may be taken."""
        burst = max(1, self.per_minute // _BACKGROUND_BURST_SHARE) if is_background else self._burst
        return (burst - 1) * self.interval

    @property
    def furthest(self) -> int:
        """How far ahead the next permit is due at most, unless a clock was wrong."""
        return MAX_PAUSE + self.early(is_background=False) + self.interval

    def take(self, next_at: int, moment: int, *, is_background: bool) -> PermitResult:
        """Take a permit, or return how long to wait for one.

        Args:
            next_at: The stored number.
            moment: The current time.
            is_background: Whether interactive requests go first.
        """
        due = max(min(next_at, moment + self.furthest), moment)
        wait = due - self.early(is_background=is_background) - moment
        if wait > 0:
            return PermitResult(wait, min(next_at, moment + self.furthest))
        return PermitResult(None, due + self.interval)

    def pause(self, next_at: int, moment: int, length: int) -> int:
        """Return the number to store so that no permit is granted for a while, and no burst after.

        Args:
            next_at: The stored number.
            moment: The current time.
            length: How long, at most ``MAX_PAUSE``.
        """
        remembered = min(next_at, moment + self.furthest)
        return max(remembered, moment + min(length, MAX_PAUSE) + self.early(is_background=False))

    @property
    def _burst(self) -> int:
        return max(1, self.per_minute // _BURST_SHARE)
