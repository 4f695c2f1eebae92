"""One attempt at a job: its handler, what follows a failure, and an interruption."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import stamina
import structlog

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain.clock import now
from gql_server.jobs.kinds import Attempt, Interrupted, JobKind, JobRun
from gql_server.jobs.queue import JobQueue
from gql_server.processes.lease import ProcessLease

log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 0.25
_REPORT_AGAIN_SECONDS: Final = 60.0
_REASON_LENGTH: Final = 500


class JobRunner:
    """Runs attempts, and waits for them when the process stops or has lost its lease."""

    def __init__(self, kinds: Mapping[str, JobKind], queue: JobQueue, lease: ProcessLease) -> None:
        self._kinds = kinds
        self._queue = queue
        self._lease = lease
        self._is_draining = False
        self._at_work: set[asyncio.Task[Any]] = set()

    def open(self) -> None:
        """Accept attempts, also after a drain."""
        self._is_draining = False

    async def drain(self, *, timeout_seconds: float) -> None:
        """Start nothing more, and wait for running handlers."""
        self._is_draining = True
        if self._at_work:
            log.info("waiting_for_jobs", running=len(self._at_work), seconds=timeout_seconds)
            await asyncio.wait(set(self._at_work), timeout=timeout_seconds)

    async def run(self, attempt: Attempt, process_id: str) -> None:
        """Run an attempt, and handle its failure.

        Does not return while the process is draining or without its lease: the engine would
        record the attempt as done. It is returned to its queue once the engine has stopped.
        """
        run = JobRun(
            attempt.job.id, attempt.job.argument, attempt.number, process_id, self._should_continue
        )
        while await self._may_begin(process_id):
            done = asyncio.ensure_future(self._attempt(attempt, run))
            self._at_work.add(done)
            done.add_done_callback(self._at_work.discard)
            try:
                if await done:
                    return
            except asyncio.CancelledError:
                done.cancel()
                await asyncio.wait({done})
                raise
            # The lease may have come back: losing it briefly is no failure. A shutdown waits for
            # running handlers, not for this.
            await asyncio.sleep(_LOOK_SECONDS)
        await asyncio.Event().wait()

    def _should_continue(self, process_id: str) -> bool:
        return not self._is_draining and self._lease.is_held_by(process_id)

    async def _may_begin(self, process_id: str) -> bool:
        # The database may be briefly away: a lease that only may have expired can be renewed.
        while not self._is_draining and self._lease.process_id == process_id:
            if self._lease.is_held_by(process_id):
                return True
            await asyncio.sleep(_LOOK_SECONDS)
        return False

    async def _attempt(self, attempt: Attempt, run: JobRun) -> bool:
        kind = self._kinds[attempt.job.kind]
        if attempt.given_up is not None:
            await self._report_failure(kind, attempt, run, attempt.given_up)
            return True
        try:
            await kind.handle(run)
        except Interrupted:
            return False
        except Exception as error:  # noqa: BLE001 - whatever it was, the attempt has failed
            await self._failed(kind, attempt, run, error)
        return True

    async def _failed(self, kind: JobKind, attempt: Attempt, run: JobRun, error: Exception) -> None:
        about = {"kind": kind.name, "job": run.job_id, "attempt": run.attempt}
        if run.attempt <= len(kind.retry_seconds):
            seconds = kind.retry_seconds[run.attempt - 1]
            log.warning("job_failed", **about, again_in_seconds=seconds, exc_info=error)
            await self._put_later(attempt, seconds, given_up=None)
            return
        log.error("job_given_up", **about, exc_info=error)
        reason = f"{type(error).__name__}: {error}"[:_REASON_LENGTH]
        await self._report_failure(kind, attempt, run, reason)

    async def _report_failure(
        self, kind: JobKind, attempt: Attempt, run: JobRun, reason: str
    ) -> None:
        if kind.on_failure is None:
            return
        try:
            await kind.on_failure(run, reason)
        except Exception as error:
            log.warning("job_failure_not_reported", kind=kind.name, job=run.job_id, exc_info=error)
            await self._put_later(attempt, _REPORT_AGAIN_SECONDS, given_up=reason)

    async def _put_later(self, attempt: Attempt, seconds: float, *, given_up: str | None) -> None:
        job = replace(attempt.job, not_before=now() + timedelta(seconds=seconds))
        following = Attempt(job, attempt.number + 1, given_up)
        # This attempt is not over until the follow-up is written, however long that takes.
        async for trying in stamina.retry_context(
            on=DatabaseUnavailable, attempts=None, timeout=None, wait_max=5.0
        ):
            with trying:
                await self._queue.put([following])
