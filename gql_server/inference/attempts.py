"""When an attempt at the provider may start: at its turn, and while its picture is wanted."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")

StillNeeded = Callable[[], Awaitable[bool]]
"""Tells whether a picture is still wanted."""

_MOMENT_SECONDS: Final = 0.25
_LOOK_SECONDS: Final = 2.0


class AttemptKind(StrEnum):
    """What the provider counts apart."""

    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_TO_IMAGE = "image_to_image"
    THIRD_PARTY = "third_party"


class NoLongerNeeded(Exception):
    """Before an attempt started, nobody wanted its picture any more; none was made."""


async def while_needed(wait: Coroutine[Any, Any, T], is_needed: StillNeeded | None) -> T:
    """Wait for what an attempt needs before it starts, for as long as its picture is wanted.

    Costs no question where there is nothing to wait for. What took longer than a moment, by the
    clock and thus also in a process that was frozen, is asked about every so often, and when it is
    over.

    Args:
        wait: The wait.
        is_needed: Asked; None: the picture is wanted, however long it takes.

    Raises:
        NoLongerNeeded: The picture is not wanted any more; the wait is given up.
    """
    if is_needed is None:
        return await wait
    began = time.monotonic()
    waiting = asyncio.ensure_future(wait)
    try:
        done, _ = await asyncio.wait({waiting}, timeout=_MOMENT_SECONDS)
        while not done:
            done, _ = await asyncio.wait({waiting}, timeout=_LOOK_SECONDS)
            if not done and not await is_needed():
                raise NoLongerNeeded
        result = waiting.result()
        has_waited = time.monotonic() - began > _MOMENT_SECONDS
        if has_waited and not await is_needed():
            raise NoLongerNeeded
        return result
    finally:
        waiting.cancel()
        await asyncio.wait({waiting})


class RateLimiter(Protocol):
    """Gives turns; asked before every attempt, the repeated ones included."""

    async def acquire(self, kind: AttemptKind, *, is_background: bool) -> None:
        """Wait until an attempt may start, which it then must at once.

        Args:
            kind: What it counts as.
            is_background: Whether nobody waits for it: direct attempts go first, and it waits
                however long that takes.

        Raises:
            GenerationFailed: No turn came in time for a direct attempt; no model was asked.
        """

    async def pause(self, kind: AttemptKind, seconds: float) -> None:
        """Let nobody's attempts of a kind start for a while: the provider asked for it."""


class NoRateLimit:
    """Lets every attempt start at once."""

    async def acquire(self, kind: AttemptKind, *, is_background: bool) -> None:
        """Return at once."""

    async def pause(self, kind: AttemptKind, seconds: float) -> None:
        """Do nothing."""
