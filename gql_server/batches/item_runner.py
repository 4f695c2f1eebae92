"""One item of a batch: claimed, generated, stored, and completed in its image's transaction."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final

import structlog

from gql_server.batches.completion import (
    ItemAlreadyEnded,
    ItemCompletion,
    complete_with_images,
)
from gql_server.batches.fair_semaphore import FairSemaphore, Slot
from gql_server.batches.item_states import ItemStates
from gql_server.batches.pause import pause_reason
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.image_inserts import OnCommit
from gql_server.database.records.batches import ItemToDo
from gql_server.domain.batches import STARTABLE, BatchStatus
from gql_server.domain.errors import DomainError, GenerationFailed, GenerationPending
from gql_server.generation.fallback import produce_with_fallbacks
from gql_server.generation.produce import finish_saved_image, save_image
from gql_server.generation.recovery import discard_bytes, validated_from_record
from gql_server.generation.remote_images import forget, postpone
from gql_server.generation.requests.validated import ValidatedRequest
from gql_server.generation.services import Services
from gql_server.inference.attempts import NoLongerNeeded
from gql_server.jobs.kinds import Interrupted, JobRun

log = structlog.get_logger(__name__)

_STORE_RETRY_SECONDS: Final = 300.0
_LOOK_AGAIN_SECONDS: Final = 1.0
_MAX_WAIT_SECONDS: Final = 8.0

FETCH_WAITS: Final = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""Seconds between further fetches of an image that was generated and could not be fetched.

Then the item is queued again, to be fetched later: the slices of a process are few, and an item
must not hold one for a day.
"""


class _WaitsAtProvider(Exception):
    """The item's image was generated and cannot be fetched at the moment."""


class ItemRunner:
    """Runs items of batches, any number at the same time."""

    def __init__(
        self,
        services: Services,
        *,
        concurrency: int,
        fetch_waits: Sequence[float] = FETCH_WAITS,
    ) -> None:
        """Take the services, the maximum number of concurrent model calls, and the fetch waits.

        As many images may wait to be stored. If the store or the database is slower than the
        models, started items wait, and so do further calls.
        """
        self._services = services
        self._fetch_waits = tuple(fetch_waits)
        self._call_slots = FairSemaphore(concurrency)
        self._store_slots = FairSemaphore(concurrency)
        self._states = ItemStates(services)

    async def claim_and_run(self, run: JobRun, item: ItemToDo, slot: Slot) -> bool:
        """Claim an item and complete it, retrying while the database is unavailable.

        Args:
            run: The job's run.
            item: The item.
            slot: Its slot among the started items; released when its image is generated.

        Returns:
            Whether this process could claim it.

        Raises:
            Interrupted: This process must stop; another one takes the item.
            DatabaseUnavailable: The same, and the database does not answer.
        """
        was_tried, wait = False, _LOOK_AGAIN_SECONDS
        # Queued again after those waits: one more fetch, so that it holds its slice no longer.
        fetch_waits = iter(() if item.attempts else self._fetch_waits)
        while True:
            try:
                left = await self._states.read_again(item) if was_tried else item
                if left is None:
                    return True
                is_held = was_tried and left.process_id == run.process_id
                was_tried = True
                if not is_held and not await self._states.claim(run, left):
                    if not run.should_continue:
                        raise Interrupted
                    return False
                try:
                    if await self._end(run, left, self._generate_and_save(run, left, slot)):
                        return True
                except _WaitsAtProvider:
                    slot.release()  # so that it holds up no other item
                    if not await self._wait_to_fetch(run, left, next(fetch_waits, None)):
                        return True
            except DatabaseUnavailable as error:
                if not run.should_continue:
                    raise
                log.warning("item_waits_for_database", item=item.id, reason=str(error))
                # Not by stamina: each pass of this loop does something else than the one before.
                await asyncio.sleep(wait)
                wait = min(2 * wait, _MAX_WAIT_SECONDS)

    async def give_up(self, run: JobRun, item: ItemToDo, error: DomainError) -> None:
        """Complete an item no process works on: with its image if there is one, or with an error.

        Raises:
            DatabaseUnavailable: Whether it was completed is unknown.
        """
        if await self._states.claim(run, item):
            try:
                await self._end(run, item, self._finish_or_fail(item, error))
            except _WaitsAtProvider:
                await self._wait_to_fetch(run, item, None)

    async def _end(self, run: JobRun, item: ItemToDo, work: Coroutine[Any, Any, None]) -> bool:
        """Complete an item; return False if it was queued again."""
        try:
            await work
        except GenerationPending as error:
            if error.waits_at_provider:
                raise _WaitsAtProvider from error
            # The row may have been written: the next process that takes the item checks.
            raise DatabaseUnavailable(str(error)) from error
        except NoLongerNeeded:
            await self._states.put_back(run, item)
            if not run.should_continue:
                raise Interrupted from None
            return False
        except DomainError as error:
            await self._end_with(run, item, error)
        except DatabaseUnavailable:
            raise
        except ItemAlreadyEnded:
            # It was paid, but the user has been shown that the item has no image.
            log.warning("late_image_discarded", item=item.id, image=item.image_id)
            await discard_bytes(self._services, item.image_id)
        except Exception:
            log.exception("item_crashed", item=item.id)
            unforeseen = GenerationFailed(
                "An unexpected error occurred. The server's operator finds this item in the log.",
                retryable=True,
            )
            if await self._states.fail(run, item, unforeseen):
                await discard_bytes(self._services, item.image_id)
        return True

    async def _wait_to_fetch(self, run: JobRun, item: ItemToDo, wait: float | None) -> bool:
        """Wait before the next fetch; if there is none here, queue the item and return False."""
        if await self._states.status_of_batch(item) == BatchStatus.CANCELING:
            log.error("paid_image_lost", image=item.image_id, reason="its batch was canceled")
            # First, so that what ends without an image is never charged.
            await forget(self._services, item.image_id)
            await self._states.put_back(run, item)
            return False
        if wait is None:
            seconds = await postpone(self._services, item.image_id)
            log.warning("item_waits_for_its_image", item=item.id, seconds=seconds)
            await self._states.put_back(run, item)
            return False
        log.warning("item_waits_for_its_image", item=item.id, seconds=wait)
        until = asyncio.get_running_loop().time() + wait
        while asyncio.get_running_loop().time() < until:
            if not run.should_continue:
                raise Interrupted
            await asyncio.sleep(min(wait, _LOOK_AGAIN_SECONDS))
        return True

    async def _generate_and_save(self, run: JobRun, item: ItemToDo, slot: Slot) -> None:
        services, accepted = self._services, _accepted(self._services, item)
        end = ItemCompletion(item)
        if item.attempts:
            if await self._finish_saved_image(item, accepted):
                return
            if await self._states.status_of_batch(item) not in STARTABLE:
                await self._states.put_back(run, item)
                return
        user_id, is_needed = item.user_id, partial(self._is_needed, run, item)
        made, generated = await produce_with_fallbacks(
            services,
            accepted,
            is_background=True,
            is_needed=is_needed,
            call_slot=partial(self._call_slot, run, user_id),
            retry_for_seconds=_STORE_RETRY_SECONDS,
        )
        async with self._store_slots.slot(user_id):
            slot.release()
            await save_image(
                services,
                made,
                generated,
                on_commit=OnCommit(complete_with_images, end),
                retry_for_seconds=_STORE_RETRY_SECONDS,
            )
        services.reservations.charged(accepted.payer)
        await self._states.deliver(end.webhook_id)

    @asynccontextmanager
    async def _call_slot(self, run: JobRun, user_id: str) -> AsyncIterator[None]:
        async with self._call_slots.slot(user_id):
            # The wait may have been long, and a shutdown may have started meanwhile.
            if not run.should_continue:
                raise NoLongerNeeded
            yield

    async def _finish_or_fail(self, item: ItemToDo, error: DomainError) -> None:
        if not await self._finish_saved_image(item, _accepted(self._services, item)):
            raise error

    async def _finish_saved_image(self, item: ItemToDo, accepted: ValidatedRequest) -> bool:
        """Complete an item with the image of an earlier attempt; return whether there is one."""
        end = ItemCompletion(item)
        made = await finish_saved_image(
            self._services,
            accepted,
            on_commit=OnCommit(complete_with_images, end),
            retry_for_seconds=_STORE_RETRY_SECONDS,
        )
        if made is None:
            return False
        self._services.reservations.charged(accepted.payer)
        await self._states.deliver(end.webhook_id)
        return True

    async def _end_with(self, run: JobRun, item: ItemToDo, error: DomainError) -> None:
        reason = pause_reason(error)
        if reason is None:
            await self._states.fail(run, item, error)
        else:
            await self._states.pause(run, item, reason, error)

    async def _is_needed(self, run: JobRun, item: ItemToDo) -> bool:
        return run.should_continue and await self._states.status_of_batch(item) in STARTABLE


def _accepted(services: Services, item: ItemToDo) -> ValidatedRequest:
    accepted = validated_from_record(services, item)
    if accepted is None:
        raise GenerationFailed(
            "The model is no longer available. Choose another one.", retryable=False
        )
    return replace(accepted, batch_id=item.batch_id)
