"""Durable background work, as the other packages use it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import URL

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.engine.locks import with_advisory_lock
from gql_server.database.engine.pools import TurnsInThreads, pool_sizes
from gql_server.jobs.depths import DEPTH_STATES, Depth
from gql_server.jobs.engine import JobEngine
from gql_server.jobs.engine_database import engine_url
from gql_server.jobs.kinds import (
    RETRY_SECONDS,
    Attempt,
    FailureHandler,
    Handler,
    Job,
    JobKind,
)
from gql_server.jobs.queue import JobQueue
from gql_server.jobs.rescue import rescue
from gql_server.jobs.runner import JobRunner
from gql_server.processes.lease import ProcessLease
from gql_server.processes.recurring import recurring

log = structlog.get_logger(__name__)

_RESCUES_PER_LEASE: Final = 8
_FOLLOW_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 1.0
_PRUNE_SECONDS: Final = 600.0
_HASTEN_SECONDS: Final = 60.0
_KEPT: Final = timedelta(days=1)
_LOST_LEASE_SECONDS: Final = 300.0
"""How long a process that lost its lease waits for its handlers before it works again."""
_CANCELED_SECONDS: Final = 5.0
_STOP_SECONDS: Final = 3.0
"""Maximum wait for the engine's threads at shutdown; with a database they need one second."""


class Jobs:
    """Enqueues jobs, and runs them if this process is a worker.

    A job runs at least once: it survives the processes that run it, failures are retried, and a
    final failure is reported to the failure handler of its kind. Users take turns.
    """

    def __init__(
        self,
        database: Database,
        lease: ProcessLease,
        *,
        url: URL,
        concurrency: int,
        stop_seconds: float,
        connections: int = pool_sizes().jobs,
    ) -> None:
        """Take the services it works with.

        Args:
            database: Where processes are registered.
            lease: The lease of this process.
            url: The database of the server; the engine's tables are beside it.
            concurrency: How many jobs of a kind a process runs at once, unless the kind sets its
                own number. Must be the same on every process: the last one started decides.
            stop_seconds: How long a shutdown waits for running handlers.
            connections: Number of connections to the engine's tables.
        """
        url = engine_url(url)
        self._database = database
        self._lease = lease
        self._concurrency = concurrency
        self._stop_seconds = stop_seconds
        self._kinds: dict[str, JobKind] = {}
        self._sweeps: list[tuple[str, Callable[[], Awaitable[object]], float]] = []
        self._queue = JobQueue(url, connections=connections)
        self._runner = JobRunner(self._kinds, self._queue, lease)
        self._engine = JobEngine(url, self._queue.engine, self._runner.run)
        self._recurs = AsyncExitStack()
        self._rejoining: asyncio.Task[None] | None = None

    def register(
        self,
        name: str,
        handle: Handler,
        *,
        on_failure: FailureHandler | None = None,
        concurrency: int | None = None,
        concurrency_per_partition: int | None = None,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
        poll_seconds: float | None = None,
    ) -> None:
        """Register the handler of a kind of job; call it before jobs run.

        Args:
            name: Name of the kind and its queue; must not change once jobs were enqueued.
            handle: Runs a job, at least once: it must recognize what an earlier attempt, which
                was killed, has done.
            on_failure: Called with a job that was given up.
            concurrency: How many of them a process runs at once.
            concurrency_per_partition: How many of one user's it runs at once; by default half,
                so that another user's job finds a free slot.
            retry_seconds: The wait before each further attempt.
            poll_seconds: How often a process looks for new ones; every second by default. Each
                look takes two or three milliseconds of processor time, also while nothing is due.
        """
        concurrency = concurrency or self._concurrency
        self._kinds[name] = JobKind(
            name,
            handle,
            on_failure,
            concurrency,
            concurrency_per_partition or -(-concurrency // 2),
            tuple(retry_seconds),
            poll_seconds or _POLL_SECONDS,
        )

    def add_sweep(
        self, name: str, work: Callable[[], Awaitable[object]], *, seconds: float
    ) -> None:
        """Repeat work at an interval, in one of the worker processes at a time.

        For finding and enqueueing work that a crash left out.
        """
        self._sweeps.append((name, work, seconds))

    async def enqueue(self, *jobs: Job) -> None:
        """Enqueue jobs, all or none; a job whose ID is already known is ignored.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        for job in jobs:
            if job.kind not in self._kinds:
                raise ValueError(f"no handler is registered for jobs of the kind {job.kind}")
        await self._queue.put(Attempt(job) for job in jobs)

    async def check(self) -> None:
        """Check whether jobs can be enqueued.

        Raises:
            DatabaseUnavailable: The database does not answer.
            JobTablesOutdated: It must be migrated first.
        """
        await self._queue.check()

    async def has_unended(self, prefix: str) -> bool:
        """Return whether an unfinished job has an ID with this prefix.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        return await self._queue.has_unended(prefix)

    async def depths(self) -> Sequence[Depth]:
        """Return how many jobs wait and run, of each kind and over all processes.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        found = [depth for depth in await self._queue.depths() if depth.kind in self._kinds]
        known = {(depth.kind, depth.state) for depth in found}
        return [
            *found,
            *(
                Depth(kind, state, 0, None)
                for kind in self._kinds
                for state in DEPTH_STATES
                if (kind, state) not in known
            ),
        ]

    async def start(self) -> None:
        """Start running jobs; the lease must be held until they are stopped.

        Raises:
            DatabaseUnavailable: The database does not answer.
            JobTablesOutdated: The engine's tables have another version.
        """
        await self.check()
        await self._queue.register(self._kinds.values())
        await self._rescue()
        await self._begin()
        for name, work, seconds in self._recurring():
            await self._recurs.enter_async_context(recurring(name, work, seconds=seconds))

    async def stop(self) -> None:
        """Start nothing more, and give running handlers time to finish.

        Unfinished jobs are cancelled and returned to their queue.
        """
        await self._recurs.aclose()
        if self._rejoining is not None:
            await asyncio.wait({self._rejoining})
        await self._runner.drain(timeout_seconds=self._stop_seconds)
        await self._end(timeout_seconds=_STOP_SECONDS)

    async def give_back_idle(self) -> None:
        """Close connections to PostgreSQL that are not in use, as the database does."""
        pool = self._queue.engine.pool
        if isinstance(pool, TurnsInThreads):
            await asyncio.to_thread(pool.shrink)

    async def close(self) -> None:
        """Close all connections."""
        await self._queue.close()

    def _recurring(self) -> Iterable[tuple[str, Callable[[], Awaitable[object]], float]]:
        yield "lost lease", self._follow_lease, _FOLLOW_SECONDS
        if not self._database.is_sqlite:  # its single process rescues at startup
            seconds = self._lease.length.total_seconds() / _RESCUES_PER_LEASE
            yield "rescue", self._rescue, seconds
        sweeps = [
            *self._sweeps,
            ("prune jobs", self._prune, _PRUNE_SECONDS),
            ("hasten jobs", self._hasten, _HASTEN_SECONDS),
        ]
        for name, work, seconds in sweeps:
            yield name, partial(with_advisory_lock, self._database, name, work), seconds

    async def _rescue(self) -> None:
        await with_advisory_lock(
            self._database,
            "rescue",
            partial(rescue, self._database, self._queue, self._kinds, self._lease),
        )

    async def _prune(self) -> None:
        pruned = await self._queue.prune(older_than=_KEPT)
        if pruned:
            log.debug("jobs_pruned", jobs=pruned)

    async def _hasten(self) -> None:
        hastened = await self._queue.hasten()
        if hastened:
            log.warning("jobs_hastened", jobs=hastened, reason="the clock stepped back")

    async def _follow_lease(self) -> None:
        if self._engine.process_id == self._lease.process_id:
            return
        await self._runner.drain(timeout_seconds=_LOST_LEASE_SECONDS)
        # A task of its own, which a shutdown does not interrupt halfway.
        self._rejoining = asyncio.create_task(self._rejoin())
        await asyncio.shield(self._rejoining)

    async def _rejoin(self) -> None:
        await self._end()
        await self._begin()

    async def _begin(self) -> None:
        self._runner.open()
        await self._engine.start(self._lease.process_id, self._kinds)

    async def _end(self, *, timeout_seconds: float | None = None) -> None:
        process_id = self._engine.process_id
        if process_id is None:
            return
        await self._engine.stop(timeout_seconds=timeout_seconds)
        await self._runner.drain(timeout_seconds=_CANCELED_SECONDS)
        try:
            started = await self._queue.find_started()
            await self._queue.put_back(one for one in started if one.process_id == process_id)
        except DatabaseUnavailable as error:
            log.warning("jobs_not_returned", reason=str(error))  # the rescue does
