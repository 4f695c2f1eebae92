"""How long a client goes on trying to reach a server."""

import asyncio
import random
from collections.abc import Callable
from typing import Final

_FIRST_WAIT: Final = 0.25
_MAX_WAIT: Final = 15.0


class ConnectionLost(Exception):
    """The server did not answer, or not in earnest; it may do so later."""


class ServerUnreachable(Exception):
    """The server was not to be reached for as long as the client tries."""


class RetryPolicy:
    """Waits longer after each failure in a row, and gives up at a bound."""

    def __init__(self, seconds: float, report: Callable[[str], None]) -> None:
        """Take how long failures may go on, and who is told of each."""
        self._seconds = seconds
        self._report = report
        self._wait = _FIRST_WAIT
        self._failing_since: float | None = None

    def reached(self) -> None:
        """Begin anew: what is tried has gone well."""
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
        # Spread, so that the clients of a server that comes back do not come all at once.
        await asyncio.sleep(self._wait * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        self._wait = min(self._wait * 2, _MAX_WAIT)
