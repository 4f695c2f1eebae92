"""The states of a batch's items in the database, and what changes them."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.batches.completion import complete_with_error
from gql_server.batches.item_errors import error_to_json
from gql_server.batches.pause import lock_or_cancel
from gql_server.batches.pause import pause as pause_batch
from gql_server.database.engine.grouped_writes import GroupedWrites
from gql_server.database.queries.batch_item_states import put_back_item, start_items, take_over_item
from gql_server.database.queries.batch_items import items_to_do
from gql_server.database.queries.batches import find_batches
from gql_server.database.records.batches import ItemToDo
from gql_server.domain.batches import BatchStatus, ItemStatus, PauseReason
from gql_server.domain.errors import DomainError
from gql_server.generation.services import Services
from gql_server.jobs.kinds import JobRun
from gql_server.telemetry.metrics import BATCH_ITEMS_FINISHED

_Claim = tuple[str, int, str]
"""The process that claims an item, how often the item had been started when read, and its ID."""


class ItemStates:
    """Claims items for a process, completes them with errors, and queues them again.

    Each method raises DatabaseUnavailable if the database does not answer; whether it changed
    anything is unknown then.
    """

    def __init__(self, services: Services) -> None:
        """Take the services. Claims that arrive together share a transaction."""
        self._services = services
        self._starts = GroupedWrites(services.database, self._start)

    async def claim(self, run: JobRun, item: ItemToDo) -> bool:
        """Claim an item for this process if it is free; return whether it is claimed."""
        if item.status == ItemStatus.QUEUED:
            return await self._starts.write((run.process_id, item.attempts, item.id))
        async with self._services.database.write() as connection:
            return await take_over_item(connection, item.id, process_id=run.process_id)

    async def fail(self, run: JobRun, item: ItemToDo, error: DomainError) -> bool:
        """Complete an item with an error; return whether this process still held it."""
        async with self._services.database.write() as connection:
            has_ended, webhook_id = await complete_with_error(
                connection, item, error_to_json(error), process_id=run.process_id
            )
        if has_ended:
            BATCH_ITEMS_FINISHED.labels("failed").inc()
        await self.deliver(webhook_id)
        return has_ended

    async def read_again(self, item: ItemToDo) -> ItemToDo | None:
        """Return the item's current row, or None if it has ended."""
        async with self._services.database.read() as connection:
            found = await items_to_do(connection, item.batch_id, item.slice)
        return next((one for one in found if one.id == item.id), None)

    async def _start(self, claims: Sequence[_Claim]) -> Sequence[bool]:
        """Start the claimed items; return of each whether it was started."""
        start = partial(_start_items, claims=claims)
        started = await self._services.database.write_in_thread(start)
        return [item_id in started for _, _, item_id in claims]

    async def status_of_batch(self, item: ItemToDo) -> BatchStatus:
        """Return the current status of the item's batch."""
        async with self._services.database.read() as connection:
            found = await find_batches(connection, [item.batch_id], user_id=None)
        return BatchStatus(found[item.batch_id].status)

    async def put_back(self, run: JobRun, item: ItemToDo) -> None:
        """Queue an item again; if its batch was canceled, cancel it."""
        webhook_id = None
        async with self._services.database.write() as connection:
            if await put_back_item(connection, item, process_id=run.process_id):
                _, webhook_id = await lock_or_cancel(connection, item.batch_id)
        await self.deliver(webhook_id)

    async def pause(
        self, run: JobRun, item: ItemToDo, reason: PauseReason, error: DomainError
    ) -> None:
        """Queue an item again, and pause its batch."""
        webhook_id = None
        async with self._services.database.write() as connection:
            if await put_back_item(connection, item, process_id=run.process_id):
                webhook_id = await pause_batch(connection, item.batch_id, reason, error)
        await self.deliver(webhook_id)

    async def deliver(self, webhook_id: str | None) -> None:
        """Deliver the webhook of a batch that has ended, if there is one."""
        if webhook_id is not None:
            await self._services.webhooks.deliver_soon(webhook_id)


async def _start_items(connection: AsyncConnection, *, claims: Sequence[_Claim]) -> set[str]:
    started: set[str] = set()
    for process_id, attempts in sorted({claim[:2] for claim in claims}):
        ids = [item_id for *of, item_id in claims if of == [process_id, attempts]]
        started |= await start_items(connection, ids, process_id=process_id, attempts=attempts)
    return started
