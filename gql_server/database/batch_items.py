"""Statements about the items of batches: each change of state is decided by one of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.batch_tables import BatchItemRow, BatchRow
from gql_server.database.batches import count_back, count_ends, count_start
from gql_server.database.pages import (
    Facts,
    Page,
    PageRequest,
    page_statement,
    read_facts,
    read_page,
)
from gql_server.database.processes import is_alive
from gql_server.domain.batches import STARTABLE, ItemStatus
from gql_server.domain.clock import now
from gql_server.domain.ids import has_prefix

_COLUMNS: Final = tuple(BatchItemRow.__table__.columns)  # type: ignore[attr-defined]  # SQLModel does not type __table__
_SHOWN: Final = tuple(column for column in _COLUMNS if column.name not in {"request", "accepted"})


async def items_to_do(connection: AsyncConnection, batch_id: str, slice_number: int) -> list[Facts]:
    """Return the items of a slice that have not ended, with all that was decided of them."""
    statement = (
        select(*_COLUMNS)
        .where(
            col(BatchItemRow.batch_id) == batch_id,
            col(BatchItemRow.slice) == slice_number,
            col(BatchItemRow.status).in_((ItemStatus.QUEUED, ItemStatus.RUNNING)),
        )
        .order_by(col(BatchItemRow.position))
    )
    return read_facts(await connection.execute(statement))


async def start_item(
    connection: AsyncConnection, item_id: str, *, batch_id: str, process_id: str
) -> bool:
    """Start a queued item of a batch that may go on; tell whether it is this process's now."""
    may_start = exists().where(col(BatchRow.id) == batch_id, col(BatchRow.status).in_(STARTABLE))
    started = await connection.execute(
        update(BatchItemRow)
        .where(
            col(BatchItemRow.id) == item_id,
            col(BatchItemRow.status) == ItemStatus.QUEUED,
            may_start,
        )
        .values(
            status=ItemStatus.RUNNING.value,
            process_id=process_id,
            attempts=col(BatchItemRow.attempts) + 1,
            started_at=now(),
        )
    )
    if started.rowcount == 0:
        return False
    await count_start(connection, batch_id)
    return True


async def take_over_item(
    connection: AsyncConnection, item_id: str, *, process_id: str, lease: timedelta
) -> bool:
    """Take a running item from a process that has died; tell whether it is this process's now.

    A process may also take its own item again, which it holds from work that it gave up.
    """
    holder = col(BatchItemRow.process_id)
    taken = await connection.execute(
        update(BatchItemRow)
        .where(
            col(BatchItemRow.id) == item_id,
            col(BatchItemRow.status) == ItemStatus.RUNNING,
            or_(holder == process_id, ~is_alive(connection, holder, lease=lease)),
        )
        .values(process_id=process_id, attempts=col(BatchItemRow.attempts) + 1)
    )
    return taken.rowcount == 1


async def put_back_item(connection: AsyncConnection, item: Facts, *, process_id: str) -> bool:
    """Queue an item again that this process runs; tell whether it still did."""
    changed = await connection.execute(
        update(BatchItemRow)
        .where(_is_running(item), col(BatchItemRow.process_id) == process_id)
        .values(status=ItemStatus.QUEUED.value, process_id=None)
    )
    if changed.rowcount == 1:
        await count_back(connection, item["batch_id"])
    return changed.rowcount == 1


async def end_item(
    connection: AsyncConnection,
    item: Facts,
    reached: ItemStatus,
    *,
    process_id: str | None = None,
    cost: int = 0,
    error: Mapping[str, Any] | None = None,
) -> Facts | None:
    """End a running item; return its batch, or None where it had ended already.

    Args:
        connection: Where to write.
        item: The item.
        reached: How it ended.
        process_id: Who must still be running it; None: a picture ends it, whoever made that.
        cost: What was charged for its picture.
        error: What kept it from being made.
    """
    conditions = [_is_running(item)]
    if process_id is not None:
        conditions.append(col(BatchItemRow.process_id) == process_id)
    ended = await connection.execute(
        update(BatchItemRow)
        .where(*conditions)
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
        item["batch_id"],
        left=ItemStatus.RUNNING,
        reached=reached,
        cost=cost,
        not_spent=item["price"] - cost,
    )
    await connection.execute(
        update(BatchItemRow)
        .where(col(BatchItemRow.id) == item["id"])
        .values(sequence=batch["sequence"])
    )
    return batch


async def cancel_queued_items(connection: AsyncConnection, batch_id: str) -> tuple[int, int]:
    """End every item that has not started; return how many, and what they would have cost."""
    of_batch = col(BatchItemRow.batch_id) == batch_id
    canceled = (
        update(BatchItemRow)
        .where(of_batch, col(BatchItemRow.status) == ItemStatus.QUEUED)
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


async def item_page(
    connection: AsyncConnection,
    batch_id: str,
    request: PageRequest,
    *,
    statuses: Collection[ItemStatus] | None = None,
) -> Page:
    """Return one page of a batch's items, in their order."""
    statement = page_statement(
        _of_batch(select(*_SHOWN), batch_id, statuses),
        col(BatchItemRow.created_at),
        col(BatchItemRow.id),
        request,
    )
    return read_page(read_facts(await connection.execute(statement)), request)


async def count_items(
    connection: AsyncConnection,
    batch_id: str,
    *,
    statuses: Collection[ItemStatus] | None = None,
) -> int:
    """Count the items of a list."""
    statement = _of_batch(select(func.count()).select_from(BatchItemRow), batch_id, statuses)
    return int((await connection.execute(statement)).scalar_one())


async def items_since(
    connection: AsyncConnection, batch_id: str, *, after: int, until: int, most: int
) -> list[Facts]:
    """Return the items that ended after an event and until another, in the order of the events."""
    statement = (
        select(*_SHOWN)
        .where(
            col(BatchItemRow.batch_id) == batch_id,
            col(BatchItemRow.sequence) > after,
            col(BatchItemRow.sequence) <= until,
        )
        .order_by(col(BatchItemRow.sequence))
        .limit(most)
    )
    return read_facts(await connection.execute(statement))


async def find_items(
    connection: AsyncConnection, ids: Collection[str], *, user_id: str | None
) -> dict[str, Facts]:
    """Return items by id; one that is not there is left out."""
    shaped = [item_id for item_id in ids if has_prefix(item_id, "itm")]
    statement = select(*_SHOWN).where(col(BatchItemRow.id).in_(shaped))
    if user_id is not None:
        statement = statement.where(col(BatchItemRow.user_id) == user_id)
    return {row["id"]: row for row in read_facts(await connection.execute(statement))}


async def failed_requests(
    connection: AsyncConnection, batch_id: str
) -> Sequence[Mapping[str, Any]]:
    """Return what was asked for with each item that failed, in their order."""
    statement = (
        select(col(BatchItemRow.request))
        .where(
            col(BatchItemRow.batch_id) == batch_id,
            col(BatchItemRow.status) == ItemStatus.FAILED,
        )
        .order_by(col(BatchItemRow.position))
    )
    return list((await connection.execute(statement)).scalars())


async def slices_to_do(connection: AsyncConnection, batch_id: str) -> list[int]:
    """Return the slices that have items that have not ended."""
    statement = (
        select(col(BatchItemRow.slice))
        .where(
            col(BatchItemRow.batch_id) == batch_id,
            col(BatchItemRow.status).in_((ItemStatus.QUEUED, ItemStatus.RUNNING)),
        )
        .distinct()
        .order_by(col(BatchItemRow.slice))
    )
    return list((await connection.execute(statement)).scalars())


def _of_batch(
    statement: Select[Any], batch_id: str, statuses: Collection[ItemStatus] | None
) -> Select[Any]:
    statement = statement.where(col(BatchItemRow.batch_id) == batch_id)
    if statuses is not None:
        statement = statement.where(col(BatchItemRow.status).in_(statuses))
    return statement


def _is_running(item: Facts) -> ColumnElement[bool]:
    return and_(col(BatchItemRow.id) == item["id"], col(BatchItemRow.status) == ItemStatus.RUNNING)
