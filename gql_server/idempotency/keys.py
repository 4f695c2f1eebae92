"""Idempotency keys: what is sent again with its key is done once.

In a process, requests of the same key and input share one flight: a task that finds or makes the
result, and that every one of them waits for without asking the database. Between processes the
key's row decides: one conditional change lets one flight work, and the others look at the row
from time to time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any, Final, Generic, TypeVar

import structlog

from gql_server.database.engine.engine import Database, DatabaseUnavailable
from gql_server.database.queries import idempotency_keys as keys
from gql_server.database.queries.idempotency_keys import KeyScope
from gql_server.database.records.idempotency_keys import KeyRecord
from gql_server.domain.errors import (
    DomainError,
    IdempotencyConflict,
    IdempotencyInProgress,
    ImageNotFound,
    Rejected,
)
from gql_server.idempotency.operations import Begun, KeyedWork, failure_from_json, failure_to_json
from gql_server.processes.clock_watch import ClockWatch
from gql_server.processes.lease import ProcessLease

log = structlog.get_logger(__name__)

T = TypeVar("T")

KEY_LIFETIME: Final = timedelta(hours=24)
"""How long a key is good for after its request was completed, at least."""

_POLL_SECONDS: Final = 0.5
_SWEEP_LIMIT: Final = 1000


class Idempotency:
    """Does each request with a key once, over all processes."""

    def __init__(
        self,
        database: Database,
        lease: ProcessLease,
        *,
        deadline_seconds: float,
        start: Callable[[str, Coroutine[Any, Any, Any]], asyncio.Task[Any]],
    ) -> None:
        """Take the parts it works with.

        Args:
            database: Where the keys are.
            lease: What this process holds keys by.
            deadline_seconds: How long a request waits.
            start: Starts work under the name of its result, so that a stop waits for it; raises
                DomainError where the server takes no more.
        """
        self._database = database
        self._lease = lease
        self._deadline_seconds = deadline_seconds
        self._start = start
        self._clock = ClockWatch()
        self._flights: dict[tuple[KeyScope, str], _Flight[Any]] = {}

    async def once(self, scope: KeyScope, digest: str, work: KeyedWork[T]) -> T:
        """Do a request, or return what came of it when it was done before.

        What failed in a way that may pass is not remembered: one of those who waited tries again.

        Args:
            scope: The key.
            digest: The input's hash, of ``input_hash``.
            work: The request.

        Raises:
            IdempotencyConflict: The key stands for another input.
            IdempotencyInProgress: The deadline passed while an earlier request is worked on.
            DomainError: What the work raised, now or when it was done; ``work.pending`` when the
                deadline of the request that began it passed.
            Rejected: The request has faults.
        """
        deadline = asyncio.get_running_loop().time() + self._deadline_seconds
        while True:
            flight, is_starter = self._join(scope, digest, work)
            if not await flight.has_landed(deadline):
                if is_starter and flight.is_here:
                    raise work.pending(flight.result_id)
                raise IdempotencyInProgress(flight.result_id)
            error = flight.task.exception()
            if error is None:
                result: T = flight.task.result()
                return result
            if is_starter or _is_for_everyone(error):
                raise error.with_traceback(None)

    async def sweep(self) -> None:
        """Forget keys that are good no more.

        After a step of the clock their age is not known, and none is forgotten for as long as a key
        is good: a request that is sent again must not be paid again.
        """
        if await self._clock.steady_for(self._database) < KEY_LIFETIME.total_seconds():
            return
        removed = _SWEEP_LIMIT
        while removed == _SWEEP_LIMIT:
            async with self._database.write() as connection:
                removed = await keys.remove_old_keys(
                    connection, age=KEY_LIFETIME, limit=_SWEEP_LIMIT
                )

    async def close(self) -> None:
        """Stop waiting for other processes."""
        tasks = {flight.task for flight in self._flights.values()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _join(self, scope: KeyScope, digest: str, work: KeyedWork[T]) -> tuple["_Flight[T]", bool]:
        flight = self._flights.get((scope, digest))
        if flight is not None and not flight.task.done():
            return flight, False
        flight = _Flight(scope, digest, work, self._fly)
        self._flights[scope, digest] = flight
        flight.task.add_done_callback(lambda _task: self._landed(flight))
        return flight, True

    def _landed(self, flight: "_Flight[Any]") -> None:
        if self._flights.get((flight.scope, flight.digest)) is flight:
            del self._flights[flight.scope, flight.digest]
        error = None if flight.task.cancelled() else flight.task.exception()
        if error is None or flight.waiters or isinstance(error, IdempotencyInProgress):
            return  # whoever waits is told, and tells the log where there is need
        if isinstance(error, DomainError | Rejected):
            log.warning("keyed_request_failed", result=flight.result_id, reason=str(error))
        else:
            log.error("keyed_request_broke", result=flight.result_id, exc_info=error)

    async def _fly(self, flight: "_Flight[T]") -> T:
        while True:
            held = await self._find(flight)
            if held is None:
                begun = await flight.work.accept()
                if await self._claim(flight, begun):
                    make = partial(flight.work.make, begun.result_id, flight.scope)
                    return await self._run(flight, begun.result_id, make)
                continue
            flight.learn(held.result_id)
            if held.completed_at is not None:
                return await _replayed(flight.work, held)
            if await self._take_over(flight, held):
                resume = partial(flight.work.resume, held.result_id, held.accepted, flight.scope)
                return await self._run(flight, held.result_id, resume)
            if not flight.waiters:
                raise IdempotencyInProgress(held.result_id)
            await asyncio.sleep(_POLL_SECONDS)

    async def _find(self, flight: "_Flight[Any]") -> KeyRecord | None:
        async with self._database.read() as connection:
            held = await keys.find_key(connection, flight.scope)
        if held is None:
            return None
        if held.input_hash != flight.digest:
            raise IdempotencyConflict
        return held

    async def _claim(self, flight: "_Flight[Any]", begun: Begun) -> bool:
        async with self._database.write() as connection:
            return await keys.claim_key(
                connection,
                flight.scope,
                input_hash=flight.digest,
                result_id=begun.result_id,
                accepted=begun.accepted,
                process_id=self._lease.process_id,
            )

    async def _take_over(self, flight: "_Flight[Any]", held: KeyRecord) -> bool:
        # What this process holds has a flight that is not over; without one it was given up.
        if held.is_held and held.process_id != self._lease.process_id:
            return False
        async with self._database.write() as connection:
            is_taken = await keys.take_over_key(
                connection,
                flight.scope,
                result_id=held.result_id,
                process_id=self._lease.process_id,
            )
        if is_taken:
            log.info("keyed_request_resumed", result=held.result_id, of=held.process_id)
        return is_taken

    async def _run(
        self, flight: "_Flight[T]", result_id: str, work: Callable[[], Awaitable[T]]
    ) -> T:
        flight.learn(result_id)
        flight.is_here = True
        try:
            task = self._start(result_id, self._settled(flight, result_id, work))
        except DomainError as error:
            await self._settle_failure(flight, result_id, error)
            raise
        # Not awaited itself: what ends the flight does not end the work.
        await asyncio.wait({task})
        result: T = task.result()
        return result

    async def _settled(
        self, flight: "_Flight[T]", result_id: str, work: Callable[[], Awaitable[T]]
    ) -> T:
        try:
            return await work()
        except Exception as error:
            await self._settle_failure(flight, result_id, error)
            raise

    async def _settle_failure(
        self, flight: "_Flight[Any]", result_id: str, error: Exception
    ) -> None:
        mine = {"result_id": result_id, "process_id": self._lease.process_id}
        remembered = failure_to_json(error)
        try:
            async with self._database.write() as connection:
                if remembered is not None:
                    await keys.fail_key(connection, flight.scope, **mine, error=remembered)
                elif flight.work.has_spent:
                    await keys.let_go_of_key(connection, flight.scope, **mine)
                else:
                    await keys.free_key(connection, flight.scope, **mine)
        except DatabaseUnavailable as unavailable:
            # Whoever comes next to this process takes it up, or to another when this one ends.
            log.warning("idempotency_key_not_settled", result=result_id, reason=str(unavailable))


class _Flight(Generic[T]):
    """The one search for a result, in this process, of all who ask with the same key and input."""

    def __init__(
        self,
        scope: KeyScope,
        digest: str,
        work: KeyedWork[T],
        fly: Callable[["_Flight[T]"], Coroutine[Any, Any, T]],
    ) -> None:
        self.scope: Final = scope
        self.digest: Final = digest
        self.work: Final = work
        self.waiters = 0
        self.is_here = False
        """Whether this process works on it."""
        self.result_id = ""
        """The id that the result has or will have, once that is known."""
        self._is_known: Final = asyncio.get_running_loop().create_future()
        self.task: Final = asyncio.create_task(fly(self), name=f"idempotency {scope.operation}")

    def learn(self, result_id: str) -> None:
        """Tell those who wait which id the result will have."""
        self.result_id = result_id
        if not self._is_known.done():
            self._is_known.set_result(None)

    async def has_landed(self, deadline: float) -> bool:
        """Wait for the end; at the deadline return whether it came, once the id is known."""
        self.waiters += 1
        try:
            left = deadline - asyncio.get_running_loop().time()
            await asyncio.wait({self.task}, timeout=max(0.0, left))
            if not self.task.done():
                await asyncio.wait({self.task, self._is_known}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.waiters -= 1
        return self.task.done()


async def _replayed(work: KeyedWork[T], held: KeyRecord) -> T:
    if held.error is not None:
        raise failure_from_json(held.error)
    result = await work.find(held.result_id)
    if result is None:
        raise ImageNotFound(held.result_id, path=("idempotency_key",))
    return result


def _is_for_everyone(error: BaseException) -> bool:
    return isinstance(error, IdempotencyConflict) or failure_to_json(error) is not None
