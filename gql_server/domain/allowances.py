"""What a user may spend on operations: so much at once, and refilled by and by.

The rule is the generic cell rate algorithm, as for ``domain/rate_limits.py``. One number is
remembered: the moment from which on the allowance is full again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gql_server.domain.rate_limits import SECOND

_UNSETTLED_SHARE: Final = 100


@dataclass(frozen=True, slots=True)
class Allowance:
    """So much may be spent at once; what is missing is refilled, so much a second.

    Costs are in the units of ``extensions.cost``. Times are whole microseconds: a cost is as long
    as its refilling takes, and what is missing of an allowance is the time until it is full.

    Attributes:
        size: The most that can be spent at once.
        per_second: What is refilled in a second.
    """

    size: int
    per_second: int

    @property
    def refill_length(self) -> int:
        """How long an allowance that is used up takes until it is full."""
        return self.length(self.size)

    @property
    def max_unsettled(self) -> int:
        """How long the costs are at most that a process has not told the others of."""
        return self.refill_length // _UNSETTLED_SHARE

    def length(self, cost: int) -> int:
        """Return how long the refilling of a cost takes; what is dearer than all costs all."""
        return -(-min(cost, self.size) * SECOND // self.per_second)

    def left(self, missing: int) -> int:
        """Return what can be spent now."""
        return min(self.size, max(0, (self.refill_length - missing) * self.per_second // SECOND))


@dataclass(frozen=True, slots=True)
class AllowanceState:
    """A user's allowance, as one operation left it.

    Attributes:
        limit: The most that can be spent at once.
        per_second: What is refilled in a second.
        cost: What the operation spent, or would have.
        remaining: What can be spent now.
        seconds: The time until the allowance is full, unless more is spent.
        resets_at: When that is.
    """

    limit: int
    per_second: int
    cost: int
    remaining: int
    seconds: float
    resets_at: datetime


class RateLimited(Exception):
    """The caller's allowance does not hold what the operation costs.

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
    """Tell how an allowance stands of which so much is missing at a moment."""
    return AllowanceState(
        limit=allowance.size,
        per_second=allowance.per_second,
        cost=cost,
        remaining=allowance.left(missing),
        seconds=missing / SECOND,
        resets_at=moment + timedelta(microseconds=missing),
    )
