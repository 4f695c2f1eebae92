"""The engine's queues and workflows, through its client: no running engine is needed."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

from dbos import DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions, WorkflowStatus
from sqlalchemy import URL
from sqlalchemy.exc import ProgrammingError

from gql_server.database.engine.errors import translated_errors
from gql_server.database.engine.pools import pool_sizes
from gql_server.database.engine.rights import is_denied
from gql_server.domain.clock import now
from gql_server.jobs.depths import Depth, read_depths
from gql_server.jobs.engine_database import (
    SCHEMA,
    JobTablesOutdated,
    migrate_engine,
    open_engine,
)
from gql_server.jobs.kinds import MAX_DELAY, Attempt, Job, JobKind, Priority

T = TypeVar("T")

APPLICATION: Final = "gql_server"
APPLICATION_VERSION: Final = "1"
"""Must not change: the engine runs only what its own version enqueued."""
WORKFLOW: Final = "job"
SERIALIZER: Final = DBOSPortableJSONSerializer()

_PRUNED_AT_ONCE: Final = 500
_MAX_SKEW: Final = timedelta(minutes=1)
_DEATHS: Final = "deaths"
_UNENDED: Final = ["ENQUEUED", "DELAYED", "PENDING"]
_ENDS: Final = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt that a process has started and not finished.

    Attributes:
        id: The engine's ID of it.
        process_id: The process that started it.
        deaths: How many processes have died while they ran it.
    """

    id: str
    process_id: str
    attempt: Attempt
    deaths: int


class JobQueue:
    """Enqueues jobs in the queues of their kinds, and manages what is there."""

    def __init__(self, url: URL, *, connections: int = pool_sizes().jobs) -> None:
        """Take the URL of the engine's tables, and the number of connections."""
        self._url = url
        self.engine = open_engine(url, connections)
        self._client: DBOSClient | None = None
        self._is_opening = asyncio.Lock()

    async def put(self, attempts: Iterable[Attempt]) -> None:
        """Enqueue in one transaction, all or none; known jobs are left unchanged.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        moment = now()
        calls = [(_options(attempt, moment), _to_arguments(attempt)) for attempt in attempts]
        client = await self._open()

        def put() -> None:
            with self.engine.begin() as connection:
                for options, arguments in calls:
                    client.enqueue_in_transaction(connection, options, *arguments)

        await _in_thread(put)

    async def check(self) -> None:
        """Check whether the queues exist.

        Raises:
            JobTablesOutdated: The engine's tables are missing or outdated.
        """
        client = await self._open()
        try:
            await _in_thread(client.list_queues)
        except ProgrammingError as error:
            if is_denied(error):
                raise
            raise JobTablesOutdated from error

    async def register(self, kinds: Iterable[JobKind]) -> None:
        """Store how many jobs of each kind a process runs at once, and how often it looks."""
        client = await self._open()
        for kind in kinds:
            await _in_thread(
                partial(
                    client.register_queue,
                    kind.name,
                    worker_concurrency=kind.concurrency,
                    partition_worker_concurrency=kind.concurrency_per_partition,
                    polling_interval_sec=kind.poll_seconds,
                    on_conflict="always_update",
                )
            )

    async def find_started(self) -> Sequence[Started]:
        """Return what any process has started and not finished."""
        client = await self._open()
        found = await _in_thread(
            lambda: client.list_workflows(
                name=WORKFLOW, status="PENDING", load_output=False, queues_only=True
            )
        )
        return [_to_started(workflow) for workflow in found]

    async def has_unended(self, prefix: str) -> bool:
        """Return whether an unfinished attempt has an ID with this prefix."""
        client = await self._open()
        found = await _in_thread(
            lambda: client.list_workflows(
                status=_UNENDED,
                workflow_id_prefix=prefix,
                limit=1,
                load_input=False,
                load_output=False,
            )
        )
        return bool(found)

    async def depths(self) -> Sequence[Depth]:
        """Return how many attempts wait and run, of each kind."""
        await self._open()
        return await _in_thread(partial(read_depths, self.engine))

    async def put_back(self, started: Iterable[Started]) -> None:
        """Return to its queue what a process has started and will not finish."""
        client = await self._open()
        by_queue: dict[str, list[str]] = {}
        for one in started:
            # Without a queue name it would run outside of every limit.
            by_queue.setdefault(one.attempt.job.kind, []).append(one.id)
        for queue, ids in by_queue.items():
            await _in_thread(partial(client.resume_workflows, ids, queue_name=queue))

    async def write_deaths(self, one: Started) -> None:
        """Store how many processes have died while they ran this."""
        client = await self._open()
        await _in_thread(partial(client.update_workflow_attributes, one.id, {_DEATHS: one.deaths}))

    async def forget(self, one: Started) -> None:
        """Delete what a dead process has started."""
        client = await self._open()
        await _in_thread(partial(client.delete_workflow, one.id))

    async def hasten(self) -> int:
        """Make due what was delayed before the clock stepped back; return how many there were."""
        client = await self._open()
        present = (now() + _MAX_SKEW).timestamp() * 1000
        latest = present + MAX_DELAY.total_seconds() * 1000

        def hasten() -> int:
            delayed = client.list_workflows(
                name=WORKFLOW, status="DELAYED", load_input=False, load_output=False
            )
            late = [
                one
                for one in delayed
                if (one.delay_until_epoch_ms or 0) > latest or (one.created_at or 0) > present
            ]
            for one in late:
                client.set_workflow_delay(one.workflow_id, delay_seconds=0)
            return len(late)

        return await _in_thread(hasten)

    async def prune(self, *, older_than: timedelta) -> int:
        """Delete what ended before that age; return how many there were."""
        client = await self._open()
        before = (now() - older_than).isoformat()

        def prune() -> int:
            ended = client.list_workflows(
                status=_ENDS,
                completed_before=before,
                limit=_PRUNED_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            if ended:
                client.delete_workflows([workflow.workflow_id for workflow in ended])
            return len(ended)

        total = 0
        while pruned := await _in_thread(prune):
            total += pruned
            if pruned < _PRUNED_AT_ONCE:
                break
        return total

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await asyncio.to_thread(self._client.destroy)
        await asyncio.to_thread(self.engine.dispose)

    async def _open(self) -> DBOSClient:
        async with self._is_opening:
            if self._client is None:
                if self._url.get_backend_name() == "sqlite":
                    await migrate_engine(self._url)
                self._client = DBOSClient(
                    system_database_engine=self.engine,
                    dbos_system_schema=SCHEMA,
                    serializer=SERIALIZER,
                    application_name=APPLICATION,
                    lazy=True,
                    retry_connection_errors=False,
                )
            return self._client


def to_attempt(
    kind: str,
    job_id: str,
    argument: Any,
    partition: str,
    priority: int,
    number: int,
    given_up: str | None,
) -> Attempt:
    """Read an attempt from the arguments of the engine's workflow."""
    job = Job(job_id, kind, argument, partition, Priority(priority))
    return Attempt(job, number, given_up)


def _to_arguments(attempt: Attempt) -> tuple[Any, ...]:
    job = attempt.job
    return (
        job.kind,
        job.id,
        job.argument,
        job.partition,
        int(job.priority),
        attempt.number,
        attempt.given_up,
    )


def _to_started(workflow: WorkflowStatus) -> Started:
    assert workflow.input is not None and workflow.executor_id is not None  # noqa: S101, PT018 - started
    return Started(
        id=workflow.workflow_id,
        process_id=workflow.executor_id,
        attempt=to_attempt(*workflow.input["args"]),
        deaths=(workflow.attributes or {}).get(_DEATHS, 0),
    )


def _options(attempt: Attempt, moment: datetime) -> EnqueueOptions:
    job = attempt.job
    if not job.partition:
        raise ValueError("a job without a partition would never run")
    options: EnqueueOptions = {
        "workflow_name": WORKFLOW,
        "workflow_id": job.id if attempt.number == 1 else f"{job.id}#{attempt.number}",
        "queue_name": job.kind,
        "queue_partition_key": job.partition,
        "priority": int(job.priority),
        "app_version": APPLICATION_VERSION,
    }
    if job.not_before is not None and job.not_before > moment:
        delay = min(job.not_before - moment, MAX_DELAY)
        options["delay_seconds"] = delay.total_seconds()
    return options


async def _in_thread(call: Callable[[], T]) -> T:
    with translated_errors():
        return await asyncio.to_thread(call)
