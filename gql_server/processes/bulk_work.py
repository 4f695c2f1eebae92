"""Long computations that share the event loop with other requests."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakKeyDictionary

_SLICE_SECONDS: Final = 0.005

_Locks = defaultdict[str, asyncio.Lock]
_locks: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Locks]] = WeakKeyDictionary()


class Pace:
    """Yields to the event loop after every few milliseconds of computing."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def keep(self) -> None:
        """Yield to the event loop if the slice of time is used up; call it for every entry."""
        if time.perf_counter() - self._since > _SLICE_SECONDS:
            await asyncio.sleep(0)
            self._since = time.perf_counter()


@asynccontextmanager
async def bulk_work(kind: str = "") -> AsyncIterator[Pace]:
    """Compute in slices, one computation of a kind at a time in an event loop.

    Without the lock, fifty computations of one operation would each hold the loop for a slice
    before any other request ran. In the block, await nothing but a thread that computes, and do
    not nest it.
    """
    loop = asyncio.get_running_loop()
    locks = _locks.get(loop)
    if locks is None:
        locks = _locks[loop] = defaultdict(asyncio.Lock)
    async with locks[kind]:
        yield Pace()
