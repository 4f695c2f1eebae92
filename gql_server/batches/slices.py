"""The work on a batch: its items in slices, each slice a job, each item claimed on its own."""

import asyncio
from collections.abc import Iterable
from typing import Final

import structlog

from gql_server.batches.item_work import ItemWork
from gql_server.batches.places import Places
from gql_server.database.batch_items import items_to_do, slices_to_do
from gql_server.database.batches import find_batches
from gql_server.database.engine import DatabaseUnavailable
from gql_server.database.pages import Facts
from gql_server.domain.batches import STARTABLE, BatchPriority, ItemStatus
from gql_server.domain.errors import GenerationFailed
from gql_server.generation.parts import Parts
from gql_server.jobs.kinds import Interrupted, Job, JobRun, Priority

log = structlog.get_logger(__name__)

KIND: Final = "batch_slice"
SLICE_SIZE: Final = 20

_CALLS_PER_NEXT: Final = 4
"""For so many calls in flight one item more is begun, so that it is called when a place is free."""

_PRIORITIES: Final = {
    BatchPriority.HIGH: Priority.HIGH,
    BatchPriority.NORMAL: Priority.NORMAL,
    BatchPriority.LOW: Priority.LOW,
}


async def enqueue_slices(
    parts: Parts, batch: Facts, slices: Iterable[int], *, probes: bool = False
) -> None:
    """Have slices of a batch worked on; those of the same round are taken once.

    Never fails: a sweep enqueues what this cannot.

    Args:
        parts: The parts.
        batch: The batch.
        slices: Which of them.
        probes: Whether nobody knows if pictures can be made by now. Then one item of the first
            slice is tried, and where that does not pause the batch again everything follows it.
    """
    chosen = list(slices)[:1] if probes else slices
    try:
        await parts.jobs.enqueue(*(_job(batch, number, probes=probes) for number in chosen))
    except DatabaseUnavailable as error:
        log.warning("batch_not_enqueued_yet", batch=batch["id"], reason=str(error))


def job_prefix(batch: Facts) -> str:
    """Return what the ids of a batch's jobs of the present round begin with."""
    return f"{batch['id']}.{batch['round']}."


class SliceWork:
    """Works on slices of batches."""

    def __init__(self, parts: Parts, *, concurrency: int) -> None:
        """Take the parts it works with, and how many calls of models may be in flight."""
        self._parts = parts
        self._items = ItemWork(parts, concurrency=concurrency)
        self._begun = Places(concurrency + max(1, concurrency // _CALLS_PER_NEXT))
        self._in_hand: set[tuple[str, str]] = set()

    async def run(self, run: JobRun) -> None:
        """Bring every item of a slice to its end that this process may work on.

        Raises:
            Interrupted: The process must leave the rest to another.
            DatabaseUnavailable: The database does not answer.
        """
        assert not isinstance(run.argument, str)  # noqa: S101 - written by this module
        batch_id, number = run.argument["batch"], run.argument["slice"]
        items = await self._to_do(batch_id, number)
        if run.argument.get("probes") and items:
            # Of those that run somebody may find out as much; this process cannot have them.
            queued = (item for item in items if item["status"] == ItemStatus.QUEUED)
            await self._do(run, next(queued, items[0]))
            if not await self._enqueue_the_others(batch_id):
                return
            items = await self._to_do(batch_id, number)
        ends = await asyncio.gather(
            *(self._do(run, item) for item in items), return_exceptions=True
        )
        errors = [end for end in ends if isinstance(end, BaseException)]
        for error in errors[1:]:
            log.warning("item_left", batch=batch_id, slice=number, reason=repr(error))
        if errors:
            raise errors[0]

    async def give_up(self, run: JobRun, reason: str) -> None:
        """End what a slice has left as failed: its job was given up."""
        assert not isinstance(run.argument, str)  # noqa: S101 - written by this module
        batch_id, number = run.argument["batch"], run.argument["slice"]
        log.error("slice_given_up", batch=batch_id, slice=number, reason=reason)
        items = await self._to_do(batch_id, number)
        error = GenerationFailed(
            "The picture could not be made, however often it was tried.", retryable=True
        )
        for item in items:
            if (run.process_id, item["id"]) not in self._in_hand:
                await self._items.give_up(run, item, error)

    async def _to_do(self, batch_id: str, number: int) -> list[Facts]:
        async with self._parts.database.read() as connection:
            return await items_to_do(connection, batch_id, number)

    async def _enqueue_the_others(self, batch_id: str) -> bool:
        """Have all of a batch worked on, unless it waits again or is over; tell whether."""
        async with self._parts.database.read() as connection:
            batch = (await find_batches(connection, [batch_id], user_id=None))[batch_id]
            slices = await slices_to_do(connection, batch_id)
        if batch["status"] not in STARTABLE:
            return False
        await enqueue_slices(self._parts, batch, slices)
        return True

    async def _do(self, run: JobRun, item: Facts) -> None:
        async with self._begun.taken(item["user_id"]) as place:
            if not run.may_go_on:
                raise Interrupted
            claim = (run.process_id, item["id"])
            if claim in self._in_hand:
                return  # another run of the slice has it, by a claim that cannot tell the two apart
            self._in_hand.add(claim)
            try:
                await self._items.claim_and_make(run, item, place)
            finally:
                self._in_hand.discard(claim)


def _job(batch: Facts, number: int, *, probes: bool) -> Job:
    return Job(
        id=f"{job_prefix(batch)}{number}",
        kind=KIND,
        argument={"batch": batch["id"], "slice": number, "probes": probes},
        partition=batch["user_id"],
        priority=_PRIORITIES[BatchPriority(batch["priority"])],
    )
