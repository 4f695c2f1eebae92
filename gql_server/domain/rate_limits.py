"""How many attempts the provider's account may start in a minute, and when the next one may.

The rule is the generic cell rate algorithm (GCRA): turns are an interval apart, and up to a burst
of them may be taken early. One number is remembered: when the next turn is due to who takes none
early.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

SECOND: Final = 1_000_000
"""Microseconds: every moment and length here is a whole number of them."""

MAX_LATENESS: Final = 2 * SECOND
"""How much later than its turn an attempt may start; what is later takes another turn."""

MAX_PAUSE: Final = 60 * SECOND

_WINDOW: Final = 60 * SECOND
_BURST_SHARE: Final = 10
_BACKGROUND_BURST_SHARE: Final = 60


class PermitResult(NamedTuple):
    """The outcome of asking for a turn.

    Attributes:
        wait: How long until it is worth asking again; None: the turn is taken.
        next_at: What is to be remembered.
    """

    wait: int | None
    next_at: int


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most so many attempts start in any 60 seconds, however they are placed.

    In any window no more than burst + window ÷ interval turns are given. The interval is such that
    this holds for 60 seconds and the lateness that is allowed. Background work leaves a part of the
    burst alone, so that direct work finds turns at once however much background work waits, and
    goes first for as long as it takes that part.

    Attributes:
        per_minute: The most attempts, at least 2.
    """

    per_minute: int

    @property
    def interval(self) -> int:
        """The time between turns."""
        return -(-(_WINDOW + MAX_LATENESS) // (self.per_minute - self._burst))

    def early(self, *, is_background: bool) -> int:
        """Return how much before it is due a turn may be taken."""
        burst = max(1, self.per_minute // _BACKGROUND_BURST_SHARE) if is_background else self._burst
        return (burst - 1) * self.interval

    @property
    def furthest(self) -> int:
        """How far ahead of the present the next turn is due at most, unless a clock was wrong."""
        return MAX_PAUSE + self.early(is_background=False) + self.interval

    def take(self, next_at: int, moment: int, *, is_background: bool) -> PermitResult:
        """Take a turn, or tell how long to wait for one.

        Args:
            next_at: What was remembered.
            moment: The present.
            is_background: Whether direct work goes first.
        """
        due = max(min(next_at, moment + self.furthest), moment)
        wait = due - self.early(is_background=is_background) - moment
        if wait > 0:
            return PermitResult(wait, min(next_at, moment + self.furthest))
        return PermitResult(None, due + self.interval)

    def pause(self, next_at: int, moment: int, length: int) -> int:
        """Return what is to be remembered so that no turn is given for a while, nor a burst then.

        Args:
            next_at: What was remembered.
            moment: The present.
            length: How long, at most ``MAX_PAUSE``.
        """
        remembered = min(next_at, moment + self.furthest)
        return max(remembered, moment + min(length, MAX_PAUSE) + self.early(is_background=False))

    @property
    def _burst(self) -> int:
        return max(1, self.per_minute // _BURST_SHARE)
