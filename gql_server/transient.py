"""What passes by itself: the code that clients see, and when it is worth trying again.

docs/using.md has the same as a table (Temporary failures), and tests/web/test_passing_failures.py
tries each over every way to ask.
"""

from typing import Final

UNAVAILABLE: Final = "UNAVAILABLE"
"""The code of what cannot be answered now, because a part of the server is away or it stops."""

DATABASE_RETRY_SECONDS: Final = 2
"""The database does not answer, is locked or is full."""

PROVIDER_RETRY_SECONDS: Final = 5
"""A picture could not be made or kept, or is under way."""

STOP_RETRY_SECONDS: Final = 5
"""The server stops: another takes its place, or it starts again."""
