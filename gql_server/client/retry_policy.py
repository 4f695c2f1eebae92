"""How long a client retries before it gives up on a server."""

import asyncio
import random
from collections.abc import Callable
from typing import Final

_FIRST_WAIT: Final = 0.25
_MAX_WAIT: Final = 15.0


class ConnectionLost(Exception):
    """The server did not answer, or only with a temporary error."""


class ServerUnreachable(Exception):
    """The server could not be reached for as long as the client retries."""


class RetryPolicy:
    """Waits longer after each consecutive failure, and gives up after some time.

    Unlike a retried call (stamina), the failures are of different requests in a row, and a
    stream that delivered something starts over.
    """

    def __init__(self, seconds: float, report: Callable[[str], None]) -> None:
        """Take the maximum time of consecutive failures, and a function to report each to."""
        self._seconds = seconds
        self._report = report
        self._wait = _FIRST_WAIT
        self._failing_since: float | None = None

    def reached(self) -> None:
        """Start over: the server was reached."""
        self._wait, self._failing_since = _FIRST_WAIT, None

    async def wait(self, lost: ConnectionLost) -> None:
        """Wait until it is time to try again.

        Raises:
            ServerUnreachable: It has failed for too long.
        """
        moment = asyncio.get_running_loop().time()
        if self._failing_since is None:
            self._failing_since = moment
        if moment - self._failing_since >= self._seconds:
            raise ServerUnreachable(str(lost)) from lost
        self._report(str(lost))
        # Spread, so that clients do not all return at once to a server that restarted.
        await asyncio.sleep(self._wait * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        self._wait = min(self._wait * 2, _MAX_WAIT)
