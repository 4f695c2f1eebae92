"""FairSemaphore for so many at once: users who wait take turns."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Slot:
    """One of so many slots, taken."""

    def __init__(self, pass_on: Callable[[], None]) -> None:
        self._pass_on = pass_on
        self._is_taken = True

    def release(self) -> None:
        """Leave it to another; once it was given back, this does nothing."""
        if self._is_taken:
            self._is_taken = False
            self._pass_on()


class FairSemaphore:
    """So many slots; one user's thousands leave the next free one to another's three."""

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def slot(self, user_id: str) -> AsyncIterator[Slot]:
        """Wait for the user's turn; have a slot until the end of the block, or till given back."""
        if self._free:
            self._free -= 1
        else:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(user_id, deque()).append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._pass_on()
                raise
        slot = Slot(self._pass_on)
        try:
            yield slot
        finally:
            slot.release()

    def _pass_on(self) -> None:
        while self._waiting:
            user_id, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[user_id] = turns
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
