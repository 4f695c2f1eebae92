"""Running batches: items in slices, each slice a job, each item claimed on its own."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import structlog

from gql_server.batches.fair_semaphore import FairSemaphore
from gql_server.batches.item_runner import FETCH_WAITS, ItemRunner
from gql_server.batches.pause import pause
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.batch_items import items_to_do, slices_to_do
from gql_server.database.queries.batches import find_batches
from gql_server.database.records.batches import BatchRecord, ItemToDo
from gql_server.domain.batches import STARTABLE, BatchPriority, ItemStatus, PauseReason
from gql_server.domain.errors import GenerationFailed
from gql_server.generation.persist import check_store
from gql_server.generation.services import Services
from gql_server.jobs.kinds import Interrupted, Job, JobRun, Priority
from gql_server.telemetry.spans import Span
from gql_server.telemetry.trace_context import TraceContext
from gql_server.telemetry.tracing import span

log = structlog.get_logger(__name__)

KIND: Final = "batch_slice"
SLICE_SIZE: Final = 20

_CALLS_PER_NEXT: Final = 4
"""One more item is started for every four running calls, to be ready when a slot is free."""

_PRIORITIES: Final = {
    BatchPriority.HIGH: Priority.HIGH,
    BatchPriority.NORMAL: Priority.NORMAL,
    BatchPriority.LOW: Priority.LOW,
}


async def enqueue_slices(
    services: Services, batch: BatchRecord, slices: Iterable[int], *, probes: bool = False
) -> None:
    """Enqueue jobs for slices of a batch; a slice is enqueued once per round.

    Never fails: a sweep enqueues what this cannot.

    Args:
        services: The services of the server.
        batch: The batch.
        slices: The slices.
        probes: Whether it is unknown if images can be generated now. Then the first free item is
            tried, and the others follow unless it pauses the batch again.
    """
    chosen = list(slices)[:1] if probes else slices
    try:
        await services.jobs.enqueue(*(_job(batch, number, probes=probes) for number in chosen))
    except DatabaseUnavailable as error:
        log.warning("batch_not_enqueued", batch=batch.id, reason=str(error))


def job_prefix(batch: BatchRecord) -> str:
    """Return the prefix of the job IDs of a batch's current round."""
    return f"{batch.id}.{batch.round}."


class SliceRunner:
    """Runs slices of batches."""

    def __init__(
        self,
        services: Services,
        *,
        concurrency: int,
        fetch_waits: Sequence[float] = FETCH_WAITS,
    ) -> None:
        """Take the services, the maximum number of concurrent model calls, and the fetch waits."""
        self._services = services
        self._items = ItemRunner(services, concurrency=concurrency, fetch_waits=fetch_waits)
        self._started_slots = FairSemaphore(concurrency + max(1, concurrency // _CALLS_PER_NEXT))
        self._taken: set[tuple[str, str]] = set()

    async def run(self, run: JobRun) -> None:
        """Complete every item of a slice that this process may work on.

        Raises:
            Interrupted: The process must leave the rest to another.
            DatabaseUnavailable: The database does not answer.
        """
        assert not isinstance(run.argument, str)  # noqa: S101 - written by this module
        parent = TraceContext.read(run.argument.get("traceparent") or "")
        batch_id, number = run.argument["batch"], run.argument["slice"]
        with span(Span.BATCH_SLICE, parent, gql_server__batch=batch_id, gql_server__slice=number):
            await self._run(run, batch_id, number, probes=bool(run.argument.get("probes")))

    async def _run(self, run: JobRun, batch_id: str, number: int, *, probes: bool) -> None:
        if probes and not await self._probe(run, batch_id):
            return
        items = await self._to_do(batch_id, number)
        ends = await asyncio.gather(
            *(self._do(run, item) for item in items), return_exceptions=True
        )
        errors = [end for end in ends if isinstance(end, BaseException)]
        unavailable = [error for error in errors if not isinstance(error, Interrupted)]
        if unavailable:
            log.warning(
                "items_deferred",
                batch=batch_id,
                slice=number,
                items=len(unavailable),
                reason=repr(unavailable[0]),
            )
        if errors:
            raise errors[0]

    async def give_up(self, run: JobRun, reason: str) -> None:
        """Complete the rest of a slice whose job was given up: as failed, unless there is an image.

        Raises:
            DatabaseUnavailable: Whether all items have ended is unknown.
        """
        assert not isinstance(run.argument, str)  # noqa: S101 - written by this module
        batch_id, number = run.argument["batch"], run.argument["slice"]
        log.error("slice_given_up", batch=batch_id, slice=number, reason=reason)
        items = await self._to_do(batch_id, number)
        error = GenerationFailed(
            "The image could not be generated after several attempts.", retryable=True
        )
        for item in items:
            with self._in_hand(run, item) as is_free:
                if is_free:
                    await self._items.give_up(run, item, error)

    async def _probe(self, run: JobRun, batch_id: str) -> bool:
        """Try one item; if that does not pause the batch, enqueue the rest. Return whether it did.

        If images cannot be stored, none is tried: its call would be paid for nothing.
        """
        try:
            await check_store(self._services.store)
        except GenerationFailed as error:
            async with self._services.database.write() as connection:
                reason = PauseReason.STORE_UNAVAILABLE
                webhook_id = await pause(connection, batch_id, reason, error)
            if webhook_id is not None:
                await self._services.webhooks.deliver_soon(webhook_id)
            return False
        await self._try_one(run, batch_id)
        return await self._enqueue_the_others(batch_id)

    async def _try_one(self, run: JobRun, batch_id: str) -> None:
        async with self._services.database.read() as connection:
            slices = await slices_to_do(connection, batch_id)
        for number in slices:
            for item in await self._to_do(batch_id, number):
                # Queued, but not claimable: another process tries it, or the batch is paused.
                if await self._do(run, item) or item.status == ItemStatus.QUEUED:
                    return

    async def _to_do(self, batch_id: str, number: int) -> list[ItemToDo]:
        async with self._services.database.read() as connection:
            return await items_to_do(connection, batch_id, number)

    async def _enqueue_the_others(self, batch_id: str) -> bool:
        """Enqueue all slices of a batch, unless it is paused or over; return whether it did."""
        async with self._services.database.read() as connection:
            batch = (await find_batches(connection, [batch_id], user_id=None))[batch_id]
            slices = await slices_to_do(connection, batch_id)
        if batch.status not in STARTABLE:
            return False
        await enqueue_slices(self._services, batch, slices)
        return True

    async def _do(self, run: JobRun, item: ItemToDo) -> bool:
        """Complete an item, if this process can claim it; return whether it could."""
        async with self._started_slots.slot(item.user_id) as slot:
            if not run.should_continue:
                raise Interrupted
            with (
                self._in_hand(run, item) as is_free,
                span(Span.BATCH_ITEM, gql_server__item=item.id, gql_server__image=item.image_id),
            ):
                return is_free and await self._items.claim_and_run(run, item, slot)

    @contextmanager
    def _in_hand(self, run: JobRun, item: ItemToDo) -> Iterator[bool]:
        """Reserve an item for one run of its slice: claims of a process look the same in each."""
        claim = (run.process_id, item.id)
        if claim in self._taken:
            yield False
            return
        self._taken.add(claim)
        try:
            yield True
        finally:
            self._taken.discard(claim)


def _job(batch: BatchRecord, number: int, *, probes: bool) -> Job:
    return Job(
        id=f"{job_prefix(batch)}{number}",
        kind=KIND,
        argument={
            "batch": batch.id,
            "slice": number,
            "probes": probes,
            "traceparent": batch.traceparent,
        },
        partition=batch.user_id,
        priority=_PRIORITIES[BatchPriority(batch.priority)],
    )
