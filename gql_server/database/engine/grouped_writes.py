"""Writes that arrive together share a transaction.

Each transaction costs a sync of the disk and a turn among the writers, however little it writes.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable

Given = TypeVar("Given")
Written = TypeVar("Written")

_MAX_GROUP: Final = 64


class GroupedWrites(Generic[Given, Written]):
    """Writes everything that arrived during the last transaction in the next one.

    What arrives when no transaction runs is written at once, unless it may wait. The writes of a
    group succeed together. If they fail, each is written alone, so that one that must fail does not
    fail the others.
    """

    def __init__(
        self,
        database: Database,
        write: Callable[[Sequence[Given]], Awaitable[Sequence[Written]]],
        *,
        limit: int = _MAX_GROUP,
        batch_window_seconds: float = 0.0,
    ) -> None:
        """Take the function that writes.

        Args:
            database: Its ``close`` waits for running writes.
            write: Writes a group in one transaction, all or none, and returns a result for each, in
                the same order. Called by one group at a time.
            limit: Maximum size of a group.
            batch_window_seconds: How long writes that may wait do so.
        """
        self._database: Final = database
        self._write: Final = write
        self._limit: Final = limit
        self._batch_window_seconds: Final = batch_window_seconds
        self._is_urgent = asyncio.Event()
        self._waiting: deque[_PendingWrite[Given, Written]] = deque()
        self._is_writing = False

    async def write(self, given: Given, *, may_wait: bool = False) -> Written:
        """Write, in a transaction with others that arrive at the same time; return the result.

        A caller that is cancelled while waiting does not know whether it was written.

        Args:
            given: What to write.
            may_wait: Whether it may wait a moment for others.

        Raises:
            DatabaseUnavailable: The database does not answer; it may have been written.
            Exception: The error of this write alone.
        """
        future: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append(_PendingWrite(given, future, may_wait))
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

    def _next_group(self) -> Sequence["_PendingWrite[Given, Written]"]:
        """Take the next group, without those whose callers were cancelled."""
        taken = [self._waiting.popleft() for _ in range(min(self._limit, len(self._waiting)))]
        return [one for one in taken if not one.future.done()]

    async def _write_group(self, group: Sequence["_PendingWrite[Given, Written]"]) -> None:
        if not group:
            return
        try:
            found = await self._write([one.given for one in group])
        except asyncio.CancelledError:
            for one in group:
                one.future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - the waiting callers get it
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
class _PendingWrite(Generic[Given, Written]):
    given: Given
    future: asyncio.Future[Written]
    may_wait: bool

    def succeed(self, written: Written) -> None:
        if not self.future.done():
            self.future.set_result(written)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)
