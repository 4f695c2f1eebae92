"""Statements that change the states of items: each change is decided by one statement."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Integer, String, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.columns import UtcDateTime
from gql_server.database.queries.batches import count_back, count_ends, count_start
from gql_server.database.queries.processes import is_alive
from gql_server.database.records.batches import BatchRecord, ItemToDo
from gql_server.database.tables.batches import BatchItemRow, BatchRow
from gql_server.database.tables.images import ImageRow
from gql_server.domain.batches import STARTABLE, ItemStatus
from gql_server.domain.clock import now


async def start_items(
    connection: AsyncConnection, ids: Collection[str], *, process_id: str, attempts: int
) -> set[str]:
    """Start queued items of batches that are not paused; return those this process now holds.

    A process that was declared dead starts none.

    Args:
        connection: Where to write.
        ids: The items.
        process_id: The process.
        attempts: How often they had been started when they were read. One that was started since
            may have been paid, and is read again before it is started.
    """
    given = {
        "ids": tuple(ids),
        "holder": process_id,
        "moment": now(),
        "started_before": attempts,
    }
    started = await connection.execute(_START_ITEMS, given)
    batches = {row.id: row.batch_id for row in started}
    for batch_id, items in sorted(Counter(batches.values()).items()):
        await count_start(connection, batch_id, items=items)
    return set(batches)


async def take_over_item(connection: AsyncConnection, item_id: str, *, process_id: str) -> bool:
    """Take a running item over from a dead process; return whether this process now holds it.

    A process may also take its own item again, which it holds from abandoned work.
    """
    holder = col(BatchItemRow.process_id)
    taken = await connection.execute(
        update(BatchItemRow)
        .where(
            col(BatchItemRow.id) == item_id,
            col(BatchItemRow.status) == ItemStatus.RUNNING,
            or_(holder == process_id, ~is_alive(holder)),
        )
        .values(process_id=process_id, attempts=col(BatchItemRow.attempts) + 1)
    )
    return taken.rowcount == 1


async def put_back_item(connection: AsyncConnection, item: ItemToDo, *, process_id: str) -> bool:
    """Queue an item again that this process runs; return whether it still did."""
    changed = await connection.execute(
        update(BatchItemRow)
        .where(_is_running(item), col(BatchItemRow.process_id) == process_id)
        .values(status=ItemStatus.QUEUED.value, process_id=None)
    )
    if changed.rowcount == 1:
        await count_back(connection, item.batch_id)
    return changed.rowcount == 1


async def end_item(
    connection: AsyncConnection,
    item: ItemToDo,
    reached: ItemStatus,
    *,
    process_id: str,
    error: Mapping[str, Any] | None = None,
) -> BatchRecord | None:
    """Complete a running item without an image; return its batch, or None if another has the item.

    Args:
        connection: Where to write.
        item: The item.
        reached: Its new status.
        process_id: The process that must still be running it.
        error: Its error.
    """
    ended = await connection.execute(
        update(BatchItemRow)
        .where(_is_running(item), col(BatchItemRow.process_id) == process_id)
        .values(
            status=reached.value,
            process_id=None,
            finished_at=now(),
            error=dict(error) if error is not None else None,
        )
    )
    if ended.rowcount == 0:
        return None
    batch = await count_ends(
        connection,
        item.batch_id,
        left=ItemStatus.RUNNING,
        reached=reached,
        not_spent=item.price,
    )
    await connection.execute(
        update(BatchItemRow).where(col(BatchItemRow.id) == item.id).values(sequence=batch.sequence)
    )
    return batch


async def end_items_with_images(
    connection: AsyncConnection, items: Sequence[ItemToDo]
) -> list[tuple[BatchRecord, list[ItemToDo]]]:
    """Complete items whose images are stored, whichever process generated or holds them.

    Returns:
        Batches with their completed items, by the items' earlier status; items that had ended
        already are not included.
    """
    found: list[tuple[BatchRecord, list[ItemToDo]]] = []
    left = {item.id: item for item in items}
    # Nearly always all are running. A maker may have been declared dead, and its item queued again.
    for status in (ItemStatus.RUNNING, ItemStatus.QUEUED):
        if not left:
            break
        given = {"ids": tuple(left), "moment": now()}
        changed = set((await connection.execute(_END_ITEMS[status], given)).scalars())
        ended = [left.pop(item.id) for item in items if item.id in changed]
        found += await _count_images(connection, ended, left=status)
    return found


async def _count_images(
    connection: AsyncConnection, items: Sequence[ItemToDo], *, left: ItemStatus
) -> list[tuple[BatchRecord, list[ItemToDo]]]:
    by_batch: defaultdict[str, list[ItemToDo]] = defaultdict(list)
    for item in items:
        by_batch[item.batch_id].append(item)
    costs = await _costs(connection, [item.image_id for item in items])
    found: list[tuple[BatchRecord, list[ItemToDo]]] = []
    numbers = []
    for batch_id in sorted(by_batch):
        of_batch = by_batch[batch_id]
        accepted = sum(item.price for item in of_batch)
        charged = sum(_charge(item, costs) for item in of_batch)
        batch = await count_ends(
            connection,
            batch_id,
            left=left,
            reached=ItemStatus.SUCCEEDED,
            items=len(of_batch),
            cost=charged,
            not_spent=accepted - charged,
        )
        found.append((batch, of_batch))
        first = batch.sequence - len(of_batch) + 1
        numbers += [
            {"item_id": item.id, "number": number}
            for number, item in enumerate(of_batch, start=first)
        ]
    if numbers:
        await connection.execute(_NUMBER_ITEM, numbers)
    return found


async def _costs(connection: AsyncConnection, image_ids: Sequence[str]) -> dict[str, int]:
    """Return what images were charged: an image of another size may cost less than accepted."""
    rows = await connection.execute(_COSTS, {"ids": tuple(image_ids)})
    return {row.id: row.cost for row in rows}


def _charge(item: ItemToDo, costs: Mapping[str, int]) -> int:
    return costs.get(item.image_id, item.price)


async def cancel_queued_items(connection: AsyncConnection, batch_id: str) -> tuple[int, int]:
    """Cancel every item that has not started; return how many, and their total price.

    An item that is being started now is left out: its transaction may wait for the batch, which the
    caller may hold.
    """
    queued = (
        select(col(BatchItemRow.id))
        .where(
            col(BatchItemRow.batch_id) == batch_id,
            col(BatchItemRow.status) == ItemStatus.QUEUED,
        )
        .with_for_update(skip_locked=True)
    )
    canceled = (
        update(BatchItemRow)
        .where(col(BatchItemRow.id).in_(queued), col(BatchItemRow.status) == ItemStatus.QUEUED)
        .values(status=ItemStatus.CANCELED.value, finished_at=now())
        .returning(col(BatchItemRow.price))
    )
    prices = list((await connection.execute(canceled)).scalars())
    return len(prices), sum(prices)


async def number_canceled_items(connection: AsyncConnection, batch_id: str, *, first: int) -> None:
    """Number the events of items that were canceled together, in their order."""
    unnumbered = and_(
        col(BatchItemRow.batch_id) == batch_id,
        col(BatchItemRow.status) == ItemStatus.CANCELED,
        col(BatchItemRow.sequence).is_(None),
    )
    row_number = func.row_number().over(order_by=col(BatchItemRow.position))
    ranked = (
        select(col(BatchItemRow.id).label("id"), row_number.label("rank"))
        .where(unnumbered)
        .subquery()
    )
    await connection.execute(
        update(BatchItemRow)
        .where(col(BatchItemRow.id) == ranked.c.id)
        .values(sequence=first - 1 + ranked.c.rank)
    )


def _is_running(item: ItemToDo) -> ColumnElement[bool]:
    return and_(col(BatchItemRow.id) == item.id, col(BatchItemRow.status) == ItemStatus.RUNNING)


def _in_one_order(status: ItemStatus) -> ColumnElement[bool]:
    """Select items by status, and lock them by ID: two writers cannot wait for each other."""
    locked = (
        select(col(BatchItemRow.id))
        .where(
            col(BatchItemRow.id).in_(bindparam("ids", expanding=True)),
            col(BatchItemRow.status) == status,
        )
        .order_by(col(BatchItemRow.id))
        .with_for_update()
    )
    return and_(col(BatchItemRow.id).in_(locked), col(BatchItemRow.status) == status)


_MOMENT: Final = bindparam("moment", type_=UtcDateTime())
_HOLDER: Final[ColumnElement[str]] = bindparam("holder", type_=String())
_START_ITEMS: Final = (
    update(BatchItemRow)
    .where(
        _in_one_order(ItemStatus.QUEUED),
        col(BatchItemRow.attempts) == bindparam("started_before", type_=Integer()),
        exists().where(
            col(BatchRow.id) == col(BatchItemRow.batch_id), col(BatchRow.status).in_(STARTABLE)
        ),
        is_alive(_HOLDER),
    )
    .values(
        status=ItemStatus.RUNNING.value,
        process_id=_HOLDER,
        attempts=col(BatchItemRow.attempts) + 1,
        started_at=_MOMENT,
    )
    .returning(col(BatchItemRow.id), col(BatchItemRow.batch_id))
)
_END_ITEMS: Final = {
    left: update(BatchItemRow)
    .where(_in_one_order(left))
    .values(status=ItemStatus.SUCCEEDED.value, process_id=None, finished_at=_MOMENT, error=None)
    .returning(col(BatchItemRow.id))
    for left in (ItemStatus.RUNNING, ItemStatus.QUEUED)
}
_NUMBER_ITEM: Final = (
    update(BatchItemRow)
    .where(col(BatchItemRow.id) == bindparam("item_id"))
    .values(sequence=bindparam("number"))
)
_COSTS: Final = select(col(ImageRow.id), col(ImageRow.cost)).where(
    col(ImageRow.id).in_(bindparam("ids", expanding=True))
)
