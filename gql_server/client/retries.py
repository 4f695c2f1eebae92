"""How long a client retries before it gives up on a server."""

import random
import time
from collections.abc import Callable
from enum import Enum
from typing import Final

from gql_server.client.errors.base import GqlServerError

FIRST_WAIT: Final = 0.25
MAX_WAIT: Final = 15.0


class Attempt(Enum):
    """What became of an attempt that failed temporarily."""

    NOT_CONNECTED = "the server could not be reached"
    NOT_RUN = "the server did not run the request"
    LOST = "the server may have run the request"


class TemporaryError(Exception):
    """An attempt failed in a way that another may not.

    Attributes:
        error: What the caller receives if no further attempt is made.
        attempt: What became of the attempt.
    """

    def __init__(self, error: GqlServerError, attempt: Attempt) -> None:
        super().__init__(str(error))
        self.error = error
        self.attempt = attempt


class TransportBlocked(TemporaryError):
    """Something between the client and the server does not let this transport through."""

    def __init__(self, error: GqlServerError) -> None:
        super().__init__(error, Attempt.LOST)


class Retries:
    """Says how long to wait after each consecutive failure, and gives up after some time.

    The failures are of different requests in a row: one that succeeds, or a stream that delivers
    something, starts over.
    """

    def __init__(self, seconds: float, on_retry: Callable[[GqlServerError], None] | None) -> None:
        """Take the maximum time of consecutive failures, and what receives each of them."""
        self._seconds = seconds
        self._on_retry = on_retry
        self._wait = FIRST_WAIT
        self._failing_since: float | None = None
        self._was_lost = False

    def reached(self) -> None:
        """Start over: the server was reached."""
        self._wait, self._failing_since = FIRST_WAIT, None

    def next_wait(self, failed: TemporaryError, *, is_final: bool = False) -> float:
        """Return how long to wait before the next attempt, in seconds.

        Args:
            failed: What became of the last attempt.
            is_final: Whether there must be no further attempt.

        Raises:
            GqlServerError: There is no further attempt.
        """
        self._was_lost |= failed.attempt is Attempt.LOST
        moment = time.monotonic()
        if self._failing_since is None:
            self._failing_since = moment
        # Spread, so that clients do not all return at once to a server that restarted.
        wait = self._wait * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        wait += failed.error.retry_after or 0.0
        if is_final or moment + wait - self._failing_since > self._seconds:
            raise self.marked(failed.error) from failed.__cause__
        if self._on_retry is not None:
            self._on_retry(failed.error)
        self._wait = min(self._wait * 2, MAX_WAIT)
        return wait

    def marked(self, error: GqlServerError) -> GqlServerError:
        """Return an error that knows whether an attempt before it may have been carried out."""
        error.may_have_run = self._was_lost
        return error
