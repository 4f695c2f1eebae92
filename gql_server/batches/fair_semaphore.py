"""A semaphore whose slots go to waiting users in turn."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Slot:
    """An acquired slot."""

    def __init__(self, pass_on: Callable[[], None]) -> None:
        self._pass_on = pass_on
        self._is_taken = True

    def release(self) -> None:
        """Release the slot; further calls do nothing."""
        if self._is_taken:
            self._is_taken = False
            self._pass_on()


class FairSemaphore:
    """A semaphore that serves waiting users round-robin.

    A user with thousands of waiting tasks does not delay another with three.
    """

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def slot(self, user_id: str) -> AsyncIterator[Slot]:
        """Wait for a slot; it is released at the end of the block, or earlier by ``release``."""
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
