"""Writes that come together are made together: one transaction for many, and none waits for more.

Each transaction costs a sync of the disk and a turn among the writers, however little it writes.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from gql_server.database.engine.engine import Database, DatabaseUnavailable

Given = TypeVar("Given")
Written = TypeVar("Written")

_MAX_GROUP: Final = 64


class GroupedWrites(Generic[Given, Written]):
    """Makes at once what was asked for while the last transaction was under way.

    What is asked for when nothing is under way is made without waiting for more, unless it may
    linger. The writes of a group succeed together. Where they do not, each is made alone, so that
    one that must fail takes no other with it.
    """

    def __init__(
        self,
        database: Database,
        write: Callable[[Sequence[Given]], Awaitable[Sequence[Written]]],
        *,
        limit: int = _MAX_GROUP,
        batch_window_seconds: float = 0.0,
    ) -> None:
        """Take what is written.

        Args:
            database: Waits, when it closes, for what is under way.
            write: Writes in one transaction what it is given, all or none; returns what came of
                each, in the same order. Called by one at a time.
            limit: How many are written at once.
            batch_window_seconds: How long those that may linger wait for others.
        """
        self._database: Final = database
        self._write: Final = write
        self._limit: Final = limit
        self._batch_window_seconds: Final = batch_window_seconds
        self._is_urgent = asyncio.Event()
        self._waiting: deque[_Asked[Given, Written]] = deque()
        self._is_writing = False

    async def write(self, given: Given, *, may_wait: bool = False) -> Written:
        """Write with what others ask for at the same time; return what came of it.

        Whoever is cancelled while they wait does not know whether it was written.

        Args:
            given: What is written.
            may_wait: Whether it may wait a moment for others to be written with.

        Raises:
            DatabaseUnavailable: The database does not answer; it may have been written.
            Exception: Whatever the write raises for this one alone.
        """
        future: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(given, future, may_wait))
        if not self._may_wait:
            self._is_urgent.set()
        if not self._is_writing:
            self._is_writing = True
            self._database.start(self._write_what_waits())
        return await future

    @property
    def _may_wait(self) -> bool:
        return len(self._waiting) < self._limit and all(one.may_wait for one in self._waiting)

    async def _write_what_waits(self) -> None:
        try:
            while self._waiting:
                await self._wait_for_others()
                await self._write_group(self._next_group())
        finally:
            self._is_writing = False

    async def _wait_for_others(self) -> None:
        self._is_urgent.clear()
        if self._may_wait:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._batch_window_seconds):
                    await self._is_urgent.wait()

    def _next_group(self) -> Sequence["_Asked[Given, Written]"]:
        """Take what is written next; what was given up meanwhile is left out."""
        taken = [self._waiting.popleft() for _ in range(min(self._limit, len(self._waiting)))]
        return [one for one in taken if not one.future.done()]

    async def _write_group(self, group: Sequence["_Asked[Given, Written]"]) -> None:
        if not group:
            return
        try:
            found = await self._write([one.given for one in group])
        except asyncio.CancelledError:
            for one in group:
                one.future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - whoever asked for it is told
            if len(group) == 1 or isinstance(error, DatabaseUnavailable):
                for one in group:
                    one.fail(error)
                return
            for one in group:
                await self._write_group([one])
        else:
            for one, written in zip(group, found, strict=True):
                one.succeed(written)


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Given, Written]):
    given: Given
    future: asyncio.Future[Written]
    may_wait: bool

    def succeed(self, written: Written) -> None:
        if not self.future.done():
            self.future.set_result(written)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)
