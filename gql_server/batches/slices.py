"""The work on a batch: its items in slices, each slice a job, each item claimed on its own."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.batches.endings import (
    ItemEndedOtherwise,
    end_as_canceled,
    end_with_error,
    end_with_image,
)
from gql_server.batches.item_errors import error_to_json
from gql_server.batches.pausing import lock_or_cancel, pause
from gql_server.batches.places import Places
from gql_server.database.batch_items import (
    items_to_do,
    put_back_item,
    start_item,
    take_over_item,
)
from gql_server.database.batches import find_batches
from gql_server.database.engine import DatabaseUnavailable
from gql_server.database.images import Ending
from gql_server.database.pages import Facts
from gql_server.domain.batches import BatchPriority, BatchStatus, ItemStatus, PauseReason
from gql_server.domain.errors import (
    DailyAllocationUsed,
    DomainError,
    GenerationFailed,
    GenerationPending,
)
from gql_server.domain.principal import Principal
from gql_server.generation.acceptance import AcceptedPicture
from gql_server.generation.making import keep_picture, keep_what_was_made, make_picture
from gql_server.generation.parts import Parts
from gql_server.generation.requests import request_from_json
from gql_server.generation.resuming import acceptance_from_json
from gql_server.jobs.kinds import Interrupted, Job, JobRun, Priority

log = structlog.get_logger(__name__)

KIND: Final = "batch_slice"
SLICE_SIZE: Final = 20

_STORE_PATIENCE_SECONDS: Final = 300.0
_LOOK_AGAIN_SECONDS: Final = 1.0
_PRIORITIES: Final = {
    BatchPriority.HIGH: Priority.HIGH,
    BatchPriority.NORMAL: Priority.NORMAL,
    BatchPriority.LOW: Priority.LOW,
}


async def enqueue_slices(parts: Parts, batch: Facts, slices: Iterable[int]) -> None:
    """Have slices of a batch worked on; those of the same round are taken once.

    Never fails: a sweep enqueues what this cannot.
    """
    try:
        await parts.jobs.enqueue(*(_job(batch, number) for number in slices))
    except DatabaseUnavailable as error:
        log.warning("batch_not_enqueued_yet", batch=batch["id"], reason=str(error))


def job_prefix(batch: Facts) -> str:
    """Return what the ids of a batch's jobs of the present round begin with."""
    return f"{batch['id']}.{batch['round']}."


class SliceWork:
    """Works on slices of batches, on so many items at once."""

    def __init__(self, parts: Parts, *, concurrency: int) -> None:
        self._parts = parts
        self._places = Places(concurrency)
        self._in_hand: set[tuple[str, str]] = set()

    async def run(self, run: JobRun) -> None:
        """Bring every item of a slice to its end that this process may work on.

        Raises:
            Interrupted: The process must leave the rest to another.
            DatabaseUnavailable: The database does not answer.
        """
        assert not isinstance(run.argument, str)  # noqa: S101 - written by this module
        batch_id, number = run.argument["batch"], run.argument["slice"]
        async with self._parts.database.read() as connection:
            items = await items_to_do(connection, batch_id, number)
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
        async with self._parts.database.read() as connection:
            items = await items_to_do(connection, batch_id, number)
        error = GenerationFailed(
            "The picture could not be made, however often it was tried.", retryable=True
        )
        for item in items:
            if await self._claim(run, item):
                await self._fail(run, item, error)

    async def _do(self, run: JobRun, item: Facts) -> None:
        async with self._places.taken(item["user_id"]):
            if not run.may_go_on:
                raise Interrupted
            claim = (run.process_id, item["id"])
            if claim in self._in_hand:
                return  # another run of the slice has it, by a claim that cannot tell the two apart
            self._in_hand.add(claim)
            try:
                await self._claim_and_make(run, item)
            finally:
                self._in_hand.discard(claim)

    async def _claim_and_make(self, run: JobRun, item: Facts) -> None:
        """Claim an item and bring it to its end, however often the database goes away meanwhile."""
        while True:
            try:
                if await self._claim(run, item):
                    await self._make(run, item)
            except DatabaseUnavailable as error:
                if not run.may_go_on:
                    raise
                log.warning("item_waits_for_the_database", item=item["id"], reason=str(error))
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            else:
                return
            left = await self._read_again(item)
            if left is None:
                return
            item = left

    async def _read_again(self, item: Facts) -> Facts | None:
        """Return an item as it stands; None: it has ended."""
        try:
            async with self._parts.database.read() as connection:
                found = await items_to_do(connection, item["batch_id"], item["slice"])
        except DatabaseUnavailable:
            return item
        return next((one for one in found if one["id"] == item["id"]), None)

    async def _claim(self, run: JobRun, item: Facts) -> bool:
        async with self._parts.database.write() as connection:
            if item["status"] == ItemStatus.RUNNING:
                return await take_over_item(
                    connection,
                    item["id"],
                    process_id=run.process_id,
                    lease=self._parts.budgets.lease.length,
                )
            return await start_item(
                connection, item["id"], batch_id=item["batch_id"], process_id=run.process_id
            )

    async def _make(self, run: JobRun, item: Facts) -> None:
        try:
            await self._make_and_keep(run, item)
        except GenerationPending as error:
            # The facts may have been written: whoever takes the item up looks.
            raise DatabaseUnavailable(str(error)) from error
        except DomainError as error:
            await self._end_with(run, item, error)
        except DatabaseUnavailable:
            raise
        except ItemEndedOtherwise:
            # Paid at the provider, but who has the batch was told that there is no picture.
            log.warning("late_picture_dropped", item=item["id"], image=item["image_id"])
        except Exception:
            log.exception("item_broke", item=item["id"])
            unforeseen = GenerationFailed(
                "Something went wrong on the server; its operator finds this item in the log.",
                retryable=True,
            )
            await self._fail(run, item, unforeseen)

    async def _make_and_keep(self, run: JobRun, item: Facts) -> None:
        parts, accepted = self._parts, _accepted(self._parts, item)
        webhook_id: str | None = None

        async def ending(connection: AsyncConnection) -> None:
            nonlocal webhook_id
            webhook_id = await end_with_image(connection, item)

        is_begun = item["status"] == ItemStatus.RUNNING
        if is_begun and await self._keep_what_was_made(accepted, ending):
            parts.reservations.charged(accepted.payer)
            await self._tell(webhook_id)
            return
        if is_begun and await self._is_canceled(item):
            await self._cancel(run, item)
            return
        picture = await make_picture(parts, accepted, is_background=True)
        await keep_picture(
            parts, accepted, picture, ending=ending, patience_seconds=_STORE_PATIENCE_SECONDS
        )
        parts.reservations.charged(accepted.payer)
        await self._tell(webhook_id)

    async def _keep_what_was_made(self, accepted: AcceptedPicture, ending: Ending) -> bool:
        try:
            return await keep_what_was_made(self._parts, accepted, ending=ending) is not None
        except GenerationFailed as error:
            # The store cannot be asked: whether the picture is there is found out later.
            raise DatabaseUnavailable(str(error)) from error

    async def _tell(self, webhook_id: str | None) -> None:
        if webhook_id is not None:
            await self._parts.webhooks.deliver_soon(webhook_id)

    async def _end_with(self, run: JobRun, item: Facts, error: DomainError) -> None:
        if isinstance(error, DailyAllocationUsed):
            await self._pause(run, item, PauseReason.DAILY_ALLOCATION_USED, error)
        elif isinstance(error, GenerationFailed) and error.needs_operator:
            await self._pause(run, item, PauseReason.PROVIDER_REFUSED_SERVER, error)
        elif isinstance(error, GenerationFailed) and not error.reached_model:
            await self._put_back(run, item)
        else:
            await self._fail(run, item, error)

    async def _is_canceled(self, item: Facts) -> bool:
        async with self._parts.database.read() as connection:
            found = await find_batches(connection, [item["batch_id"]], user_id=None)
        return bool(found[item["batch_id"]]["status"] == BatchStatus.CANCELING)

    async def _cancel(self, run: JobRun, item: Facts) -> None:
        async with self._parts.database.write() as connection:
            webhook_id = await end_as_canceled(connection, item, process_id=run.process_id)
        await self._tell(webhook_id)

    async def _fail(self, run: JobRun, item: Facts, error: DomainError) -> None:
        async with self._parts.database.write() as connection:
            webhook_id = await end_with_error(
                connection, item, error_to_json(error), process_id=run.process_id
            )
        await self._tell(webhook_id)

    async def _put_back(self, run: JobRun, item: Facts) -> None:
        """Queue an item that got no turn at the provider; the sweep has it worked on again."""
        webhook_id = None
        async with self._parts.database.write() as connection:
            if await put_back_item(connection, item, process_id=run.process_id):
                _, webhook_id = await lock_or_cancel(connection, item["batch_id"])
        await self._tell(webhook_id)

    async def _pause(
        self, run: JobRun, item: Facts, reason: PauseReason, error: DomainError
    ) -> None:
        webhook_id = None
        async with self._parts.database.write() as connection:
            if await put_back_item(connection, item, process_id=run.process_id):
                webhook_id = await pause(connection, item["batch_id"], reason, error)
        await self._tell(webhook_id)


def _job(batch: Facts, number: int) -> Job:
    return Job(
        id=f"{job_prefix(batch)}{number}",
        kind=KIND,
        argument={"batch": batch["id"], "slice": number},
        partition=batch["user_id"],
        priority=_PRIORITIES[BatchPriority(batch["priority"])],
    )


def _accepted(parts: Parts, item: Facts) -> AcceptedPicture:
    accepted = acceptance_from_json(
        parts,
        Principal(user_id=item["user_id"]),
        request_from_json(item["request"]),
        item["image_id"],
        item["accepted"],
    )
    if accepted is None:
        raise GenerationFailed(
            "The model is not in the catalogue any more. Ask for another one.", retryable=False
        )
    return replace(accepted, batch_id=item["batch_id"])
