"""What a user may spend on operations: an amount that is refilled over time.

The rule is the generic cell rate algorithm, as for ``domain/rate_limits.py``. A single number is
stored: when the allowance is full again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gql_server.domain.rate_limits import SECOND

_UNSETTLED_SHARE: Final = 100


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much may be spent at once, and how fast it is refilled.

    Costs are in the units of ``extensions.cost``. Times are whole microseconds: the length of a
    cost is the time to refill it, and what is missing from an allowance is the time until it is
    full.

    Attributes:
        size: Maximum that can be spent at once.
        per_second: Amount refilled per second.
    """

    size: int
    per_second: int

    @property
    def refill_length(self) -> int:
        """The time to refill an empty allowance."""
        return self.length(self.size)

    @property
    def max_unsettled(self) -> int:
        """The maximum length of costs that a process has not yet shared with the others."""
        return self.refill_length // _UNSETTLED_SHARE

    def length(self, cost: int) -> int:
        """Return the time to refill a cost; a cost above the size of the allowance empties it."""
        return -(-min(cost, self.size) * SECOND // self.per_second)

    def left(self, missing: int) -> int:
        """Return what can be spent now."""
        return min(self.size, max(0, (self.refill_length - missing) * self.per_second // SECOND))


@dataclass(frozen=True, slots=True)
class AllowanceState:
    """A user's allowance after an operation.

    Attributes:
        limit: Maximum that can be spent at once.
        per_second: Amount refilled per second.
        cost: What the operation spent, or would have spent.
        remaining: What can be spent now.
        seconds: Time until the allowance is full, unless more is spent.
        resets_at: When the allowance is full.
    """

    limit: int
    per_second: int
    cost: int
    remaining: int
    seconds: float
    resets_at: datetime


class RateLimited(Exception):
    """The operation costs more than the caller's allowance has left.

    Attributes:
        message: Says when to try again.
        state: The allowance.
        retry_after: Whole seconds until the same operation can be paid for.
    """

    def __init__(self, state: AllowanceState, *, retry_after: int) -> None:
        super().__init__(
            f"This costs {state.cost}, and {state.remaining} of your allowance of "
            f"{state.limit} are left. {state.per_second} are refilled per second: try "
            f"again in {retry_after} s, or request smaller pages."
        )
        self.message = str(self)
        self.state = state
        self.retry_after = retry_after


def state_of(allowance: Allowance, *, cost: int, missing: int, moment: datetime) -> AllowanceState:
    """Return the state of an allowance from the time until it is full."""
    return AllowanceState(
        limit=allowance.size,
        per_second=allowance.per_second,
        cost=cost,
        remaining=allowance.left(missing),
        seconds=missing / SECOND,
        resets_at=moment + timedelta(microseconds=missing),
    )
