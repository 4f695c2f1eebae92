"""How much of the loop's time is spent sending to subscribers."""

import asyncio
import time
from collections.abc import Awaitable, Generator
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

_SHARE: Final = 0.25
"""Of the loop's time. The rest is for the work that is watched, and for everybody's requests."""


class Pace:
    """Spaces out payloads, so that sending takes a limited share of the loop's time."""

    def __init__(self) -> None:
        """Start with nothing sent."""
        self._free_at = 0.0

    async def turn(self, expected: float) -> None:
        """Wait for a turn.

        Args:
            expected: Seconds that it will probably take.
        """
        now = asyncio.get_running_loop().time()
        start = max(now, self._free_at)
        self._free_at = start + expected / _SHARE
        if start > now:
            try:
                await asyncio.sleep(start - now)
            except asyncio.CancelledError:
                self._free_at -= expected / _SHARE  # the turn was not needed
                raise

    def count(self, seconds: float, *, expected: float = 0.0) -> None:
        """Count what it really took."""
        self._free_at += (seconds - expected) / _SHARE


class Measured(Generic[T]):
    """Awaits something, and counts how long it keeps the loop.

    Attributes:
        seconds: The time so far. What others do while it waits is not in it.
    """

    def __init__(self, awaitable: Awaitable[T]) -> None:
        """Take what is to be awaited."""
        self._awaitable = awaitable
        self.seconds = 0.0

    def __await__(self) -> Generator[Any, Any, T]:
        """Await it."""
        steps = self._awaitable.__await__()
        step: Any = None
        error: BaseException | None = None
        while True:
            began = time.perf_counter()
            try:
                step = next(steps) if error is None else steps.throw(error)
            except StopIteration as end:
                result: T = end.value
                return result
            finally:
                self.seconds += time.perf_counter() - began
            error = None
            try:
                yield step
            except BaseException as thrown:  # noqa: BLE001 - passed on, a cancellation too
                error = thrown
