"""Temporary failures: the code that clients see, and when to retry.

docs/guide/retries.md has the same as a table (Temporary failures), and
tests/web/test_passing_failures.py tests each over every transport.
"""

from typing import Final

UNAVAILABLE: Final = "UNAVAILABLE"
"""The code of requests that fail because a component is unavailable or the server is stopping."""

DATABASE_RETRY_SECONDS: Final = 2
"""The database does not answer, is locked or is full."""

PROVIDER_RETRY_SECONDS: Final = 5
"""An image could not be generated or stored, or is being generated."""

STOP_RETRY_SECONDS: Final = 5
"""The server is stopping: another replaces it, or it restarts."""

BUSY_RETRY_SECONDS: Final = 2
"""The process works on as many requests or images as it can."""


class ServerBusy(Exception):
    """The process generates as many images for requests as it can; nothing was started."""

    message: Final = "The server generates as many images as it can. Try again in a moment."


def unavailable(retry_seconds: int) -> dict[str, object]:
    """Return the extensions of a GraphQL error that a retry after some seconds may not meet."""
    return {"code": UNAVAILABLE, "retryable": True, "retryAfter": retry_seconds}
