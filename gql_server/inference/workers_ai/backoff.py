"""How long to wait before another attempt.

Our own, because stamina takes no wait from a response, and the provider's Retry-After is honoured.
"""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Waits that double, each with jitter, so that many callers do not come back at once.

    Attributes:
        first_seconds: The wait after the first attempt.
        max_seconds: What the doubling ends at.
        max_retry_after_seconds: The longest wait that the service may request.
    """

    first_seconds: float = 0.5
    max_seconds: float = 20.0
    max_retry_after_seconds: float = 60.0

    def __call__(self, attempt: int, retry_after_seconds: float | None) -> float | None:
        """Return the seconds to wait after an attempt, or None to give up.

        Args:
            attempt: Which attempt failed, from 1.
            retry_after_seconds: The wait that the service requests; the wait is never shorter.
        """
        if retry_after_seconds is not None and retry_after_seconds > self.max_retry_after_seconds:
            return None
        wait = min(self.first_seconds * 2.0 ** min(attempt - 1, 30), self.max_seconds)
        jittered = wait * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing
        return (
            jittered
            if retry_after_seconds is None
            else max(jittered, retry_after_seconds + jittered / 4)
        )
