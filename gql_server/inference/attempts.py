"""When an attempt at the provider may start: with a permit, and while its image is needed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")

StillNeeded = Callable[[], Awaitable[bool]]
"""Returns whether an image is still needed."""

_MOMENT_SECONDS: Final = 0.25
_LOOK_SECONDS: Final = 2.0


class AttemptKind(StrEnum):
    """Kinds of calls whose rates the provider limits separately."""

    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_TO_IMAGE = "image_to_image"
    THIRD_PARTY = "third_party"


class NoLongerNeeded(Exception):
    """The image was no longer needed before an attempt started; none was generated."""


async def while_needed(wait: Coroutine[Any, Any, T], is_needed: StillNeeded | None) -> T:
    """Wait for what an attempt needs before it starts, as long as its image is needed.

    A short wait costs no check. During a longer one ``is_needed`` is called every two seconds, and
    once more at its end: the process may have been frozen.

    Args:
        wait: The wait.
        is_needed: Returns whether the image is still needed; None means that it always is.

    Raises:
        NoLongerNeeded: The image is no longer needed; the wait was canceled.
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
    """Gives permits. Every attempt takes one, retries included."""

    async def acquire(self, kind: AttemptKind, *, is_background: bool) -> None:
        """Wait until an attempt may start; it must then start immediately.

        Args:
            kind: The kind of call.
            is_background: Whether no request waits for the image. Direct attempts go first, and a
                background attempt waits without a limit.

        Raises:
            GenerationFailed: A direct attempt got no permit in time; no model was called.
        """

    async def pause(self, kind: AttemptKind, seconds: float) -> None:
        """Let no attempt of a kind start for some seconds, because the provider requests it."""


class NoRateLimit:
    """Lets every attempt start immediately."""

    async def acquire(self, kind: AttemptKind, *, is_background: bool) -> None:
        """Return immediately."""

    async def pause(self, kind: AttemptKind, seconds: float) -> None:
        """Do nothing."""
