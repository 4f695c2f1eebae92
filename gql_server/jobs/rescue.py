"""Returning the work of dead processes to the queues."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import structlog

from gql_server.database.engine.engine import Database
from gql_server.database.queries.processes import find_registered
from gql_server.jobs.kinds import JobKind
from gql_server.jobs.queue import JobQueue, Started
from gql_server.processes.lease import ProcessLease

log = structlog.get_logger(__name__)

_DEATHS_ALLOWED: Final = 10


async def rescue(
    database: Database, queue: JobQueue, kinds: Mapping[str, JobKind], lease: ProcessLease
) -> None:
    """Declare processes dead whose lease has expired, and return their work to the queues.

    One process at a time: two could return what a third has just started again. A job during
    which many processes died is given up, since it may be the cause.
    """
    started = await queue.find_started()
    async with database.write() as connection:
        # An embedded server is alone; its own heartbeat may be old because its machine slept.
        if not database.is_sqlite:
            await lease.declare_dead(connection)
        living = await find_registered(connection, {one.process_id for one in started})
    lost = [one for one in started if one.process_id not in living]
    if not lost:
        return
    log.warning("jobs_rescued", jobs=len(lost), of=sorted({one.process_id for one in lost}))
    lost = [replace(one, deaths=one.deaths + 1) for one in lost]
    again = [one for one in lost if one.deaths <= _DEATHS_ALLOWED]
    for one in again:
        await queue.write_deaths(one)
    await queue.put_back(again)
    for one in lost:
        if one.deaths > _DEATHS_ALLOWED:
            await _give_up(queue, kinds, one)


async def _give_up(queue: JobQueue, kinds: Mapping[str, JobKind], one: Started) -> None:
    kind = kinds.get(one.attempt.job.kind)
    if kind is None:
        return  # a process of another version knows it
    log.error("job_given_up", kind=kind.name, job=one.attempt.job.id, deaths=one.deaths)
    last = max(one.attempt.number, len(kind.retry_seconds) + 1)
    reason = f"{one.deaths} processes died while they ran it"
    await queue.put([replace(one.attempt, number=last + 1, given_up=reason)])
    await queue.forget(one)
