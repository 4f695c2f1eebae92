"""Idempotency keys: a request that is sent again with its key runs once.

In a process, requests with the same key and input share one call: a task that finds or makes the
result, for which all of them wait without asking the database. Between processes the key's row
decides: one conditional update lets one process work, and the others poll the row.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries import idempotency_keys as keys
from gql_server.database.queries.idempotency_keys import KeyScope
from gql_server.database.records.idempotency_keys import KeyRecord
from gql_server.domain.errors import (
    DomainError,
    IdempotencyConflict,
    IdempotencyInProgress,
    ImageNotFound,
    InvalidInput,
    Rejected,
)
from gql_server.idempotency.operations import (
    Accepted,
    IdempotentOperation,
    failure_from_json,
    failure_to_json,
    input_hash,
    key_errors,
)
from gql_server.idempotency.shared_call import SharedCall
from gql_server.processes.clock_watch import ClockWatch
from gql_server.processes.lease import ProcessLease
from gql_server.processes.recurring import recurring

log = structlog.get_logger(__name__)

T = TypeVar("T")

KEY_LIFETIME: Final = timedelta(hours=24)
"""Minimum lifetime of a key after its request was completed."""

_POLL_SECONDS: Final = 0.5
_SWEEP_LIMIT: Final = 1000


class Idempotency:
    """Runs each request with a key once, across all processes."""

    def __init__(
        self,
        database: Database,
        lease: ProcessLease,
        *,
        deadline_seconds: float,
        start: Callable[[str, Coroutine[Any, Any, Any]], asyncio.Task[Any]],
    ) -> None:
        """Take the services it works with.

        Args:
            database: Where the keys are.
            lease: The lease by which this process holds keys.
            deadline_seconds: How long a request waits.
            start: Starts work under the ID of its result, so that a shutdown waits for it; raises
                DomainError when the server accepts no more.
        """
        self._database = database
        self._lease = lease
        self._deadline_seconds = deadline_seconds
        self._start = start
        self._clock = ClockWatch()
        self._calls: dict[tuple[KeyScope, str], SharedCall[Any]] = {}

    async def run_request(
        self,
        scope: KeyScope,
        operation: IdempotentOperation[Any, T],
        given: Callable[[], Mapping[str, Any]],
        *,
        is_oversized: bool = False,
    ) -> T:
        """Check the key, hash the input, and run the operation once.

        Args:
            scope: The key, its user and the operation's name.
            operation: The operation.
            given: Returns the input; called in a thread.
            is_oversized: Whether the input has more than could be accepted. It is then checked,
                which reports its errors, and not hashed.

        Raises:
            Rejected: The key or the request is invalid; every error of both is in it.
            IdempotencyConflict, IdempotencyInProgress, DomainError: As ``run_once``.
        """
        errors = list(key_errors(scope.key))
        if errors or is_oversized:
            try:
                await operation.accept()
            except Rejected as rejected:
                raise Rejected([*rejected.errors, *errors]) from None
            except InvalidInput as invalid:
                raise Rejected([invalid, *errors]) from None
            if errors:
                raise Rejected(errors)
        try:
            digest = await asyncio.to_thread(lambda: input_hash(given()))
        except (RecursionError, TypeError, ValueError):  # its metadata is not plain JSON
            await operation.accept()
            raise
        return await self.run_once(scope, digest, operation)

    async def run_once(
        self, scope: KeyScope, digest: str, operation: IdempotentOperation[Any, T]
    ) -> T:
        """Run an operation, or return the result of an earlier run.

        A transient failure is not remembered: one of the waiting requests tries again.

        Args:
            scope: The key.
            digest: The ``input_hash`` of the request.
            operation: The operation.

        Raises:
            IdempotencyConflict: The key was used with another input.
            IdempotencyInProgress: The deadline passed while an earlier request was running.
            DomainError: The operation's error, now or in its earlier run; ``operation.pending``
                when the deadline of the request that started it passed.
            Rejected: The request is invalid.
        """
        deadline = asyncio.get_running_loop().time() + self._deadline_seconds
        while True:
            call, is_starter = self._join(scope, digest, operation)
            if not await call.wait(deadline):
                if is_starter and call.is_here:
                    raise operation.pending(call.result_id)
                raise IdempotencyInProgress(call.result_id)
            error = call.task.exception()
            if error is None:
                result: T = call.task.result()
                return result
            if is_starter or _is_for_everyone(error):
                raise error.with_traceback(None)

    @asynccontextmanager
    async def swept(self, *, seconds: float) -> AsyncIterator[None]:
        """Delete expired keys at an interval until the block ends.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        await self._clock.read(self._database)  # a step before the first sweep is noticed too
        async with recurring("idempotency key sweep", self.sweep, seconds=seconds):
            yield

    async def sweep(self) -> None:
        """Delete expired keys.

        After a step of the clock their age is unknown, and none is deleted for the lifetime of a
        key: a request that is sent again must not be paid again.
        """
        clock = await self._clock.read(self._database)
        if clock.steady_seconds < KEY_LIFETIME.total_seconds():
            return
        before = clock.at - KEY_LIFETIME  # of this reading: the clock may step at any time
        removed = _SWEEP_LIMIT
        while removed == _SWEEP_LIMIT:
            async with self._database.write() as connection:
                removed = await keys.remove_old_keys(connection, before=before, limit=_SWEEP_LIMIT)

    async def close(self) -> None:
        """Stop waiting for other processes."""
        tasks = {call.task for call in self._calls.values()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _join(
        self, scope: KeyScope, digest: str, operation: IdempotentOperation[Any, T]
    ) -> tuple[SharedCall[T], bool]:
        call = self._calls.get((scope, digest))
        if call is not None and not call.task.done():
            return call, False
        call = SharedCall(scope, digest, operation, self._run)
        self._calls[scope, digest] = call
        call.task.add_done_callback(lambda _task: self._remove(call))
        return call, True

    def _remove(self, call: SharedCall[Any]) -> None:
        if self._calls.get((call.scope, call.digest)) is call:
            del self._calls[call.scope, call.digest]
        error = None if call.task.cancelled() else call.task.exception()
        if error is None or call.waiters or isinstance(error, IdempotencyInProgress):
            return  # those who wait get the error, and log it if necessary
        if isinstance(error, DomainError | Rejected | DatabaseUnavailable):
            log.warning("keyed_request_failed", result=call.result_id, reason=str(error))
        else:
            log.error("keyed_request_crashed", result=call.result_id, exc_info=error)

    async def _run(self, call: SharedCall[T]) -> T:
        while True:
            held = await self._find(call)
            if held is None:
                accepted = await call.operation.accept()
                if await self._claim(call, accepted):
                    run = partial(call.operation.run, accepted, call.scope)
                    return await self._work(call, accepted.result_id, run)
                continue
            call.set_result_id(held.result_id)
            if held.completed_at is not None:
                return await _replayed(call.operation, held)
            if await self._take_over(call, held):
                resume = partial(call.operation.resume, held.result_id, held.accepted, call.scope)
                return await self._work(call, held.result_id, resume)
            if not call.waiters:
                raise IdempotencyInProgress(held.result_id)
            await asyncio.sleep(_POLL_SECONDS)

    async def _find(self, call: SharedCall[Any]) -> KeyRecord | None:
        async with self._database.read() as connection:
            held = await keys.find_key(connection, call.scope)
        if held is None:
            return None
        if held.input_hash != call.digest:
            raise IdempotencyConflict
        return held

    async def _claim(self, call: SharedCall[Any], accepted: Accepted[Any]) -> bool:
        async with self._database.write() as connection:
            return await keys.claim_key(
                connection,
                call.scope,
                input_hash=call.digest,
                result_id=accepted.result_id,
                accepted=accepted.recorded,
                process_id=self._lease.process_id,
            )

    async def _take_over(self, call: SharedCall[Any], held: KeyRecord) -> bool:
        # A key of this process has a running call; one without a call was abandoned.
        if held.is_held and held.process_id != self._lease.process_id:
            return False
        async with self._database.write() as connection:
            is_taken = await keys.take_over_key(
                connection,
                call.scope,
                result_id=held.result_id,
                process_id=self._lease.process_id,
            )
        if is_taken:
            log.info("keyed_request_resumed", result=held.result_id, of=held.process_id)
        return is_taken

    async def _work(
        self, call: SharedCall[T], result_id: str, work: Callable[[], Awaitable[T]]
    ) -> T:
        call.set_result_id(result_id)
        call.is_here = True
        try:
            task = self._start(result_id, self._settled(call, result_id, work))
        except DomainError as error:
            await self._settle_failure(call, result_id, error)
            raise
        # Not awaited itself: cancelling the call does not cancel the work.
        await asyncio.wait({task})
        result: T = task.result()
        return result

    async def _settled(
        self, call: SharedCall[T], result_id: str, work: Callable[[], Awaitable[T]]
    ) -> T:
        try:
            return await work()
        except Exception as error:
            await self._settle_failure(call, result_id, error)
            raise

    async def _settle_failure(
        self, call: SharedCall[Any], result_id: str, error: Exception
    ) -> None:
        mine = {"result_id": result_id, "process_id": self._lease.process_id}
        remembered = failure_to_json(error)
        try:
            async with self._database.write() as connection:
                if remembered is not None:
                    await keys.fail_key(connection, call.scope, **mine, error=remembered)
                elif call.operation.has_spent:
                    await keys.release_key(connection, call.scope, **mine)
                else:
                    await keys.delete_key(connection, call.scope, **mine)
        except DatabaseUnavailable as unavailable:
            # The next request to this process takes the key over, or another process when this
            # one ends.
            log.warning("idempotency_key_not_settled", result=result_id, reason=str(unavailable))


async def _replayed(operation: IdempotentOperation[Any, T], held: KeyRecord) -> T:
    if held.error is not None:
        raise failure_from_json(held.error)
    result = await operation.find(held.result_id)
    if result is None:
        raise ImageNotFound(held.result_id, path=("idempotency_key",))
    return result


def _is_for_everyone(error: BaseException) -> bool:
    return isinstance(error, IdempotencyConflict) or failure_to_json(error) is not None
