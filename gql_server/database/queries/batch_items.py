"""Statements that read the items of batches."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Integer, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.pages import Page, PageRequest, page_statement, read_page
from gql_server.database.engine.records import read_records, records_by_id, select_records
from gql_server.database.records.batches import ItemRecord, ItemToDo
from gql_server.database.tables.batches import BatchItemRow
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.domain.batches import ItemStatus

_MAX_POSTPONED: Final = timedelta(minutes=15)
"""Longer than any fetch is postponed."""


async def items_to_do(
    connection: AsyncConnection, batch_id: str, slice_number: int
) -> list[ItemToDo]:
    """Return the unfinished items of a slice, in their order."""
    statement = (
        select_records(BatchItemRow, ItemToDo)
        .where(
            col(BatchItemRow.batch_id) == batch_id,
            col(BatchItemRow.slice) == slice_number,
            col(BatchItemRow.status).in_((ItemStatus.QUEUED, ItemStatus.RUNNING)),
        )
        .order_by(col(BatchItemRow.position))
    )
    return read_records(await connection.execute(statement), ItemToDo)


async def item_page(
    connection: AsyncConnection,
    batch_id: str,
    request: PageRequest,
    *,
    statuses: Collection[ItemStatus] | None = None,
) -> Page[ItemRecord]:
    """Return one page of a batch's items, in their order."""
    statement = page_statement(
        _of_batch(select_records(BatchItemRow, ItemRecord), batch_id, statuses),
        col(BatchItemRow.created_at),
        col(BatchItemRow.id),
        request,
    )
    return read_page(read_records(await connection.execute(statement), ItemRecord), request)


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
    connection: AsyncConnection, batch_id: str, *, after: int, until: int, limit: int
) -> list[ItemRecord]:
    """Return the items that finished after one event and up to another, in the order of events."""
    values = {"batch": batch_id, "after": after, "until": until, "most": limit}
    return read_records(await connection.execute(_items_since(), values), ItemRecord)


# Made once: each watched batch executes it several times a second.
@cache
def _items_since() -> Select[Any]:
    return (
        select_records(BatchItemRow, ItemRecord)
        .where(
            col(BatchItemRow.batch_id) == bindparam("batch"),
            col(BatchItemRow.sequence) > bindparam("after"),
            col(BatchItemRow.sequence) <= bindparam("until"),
        )
        .order_by(col(BatchItemRow.sequence))
        .limit(bindparam("most", type_=Integer))
    )


async def find_items(
    connection: AsyncConnection, ids: Collection[str], *, user_id: str | None
) -> dict[str, ItemRecord]:
    """Return items by ID. IDs without an item are left out."""
    return await records_by_id(
        connection, BatchItemRow, ItemRecord, ids, prefix="itm", user_id=user_id
    )


async def items_of_singles(
    connection: AsyncConnection, batch_ids: Collection[str], *, user_id: str | None
) -> list[ItemRecord]:
    """Return the items of batches of one, in no order."""
    statement = select_records(BatchItemRow, ItemRecord).where(
        col(BatchItemRow.batch_id).in_(batch_ids), col(BatchItemRow.position) == 0
    )
    if user_id is not None:
        statement = statement.where(col(BatchItemRow.user_id) == user_id)
    return read_records(await connection.execute(statement), ItemRecord)


async def failed_requests(
    connection: AsyncConnection, batch_id: str
) -> Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return the requests of failed items, in their order, and what was accepted of each."""
    statement = (
        select(col(BatchItemRow.request), col(BatchItemRow.accepted))
        .where(
            col(BatchItemRow.batch_id) == batch_id,
            col(BatchItemRow.status) == ItemStatus.FAILED,
        )
        .order_by(col(BatchItemRow.position))
    )
    return [(request, accepted) for request, accepted in await connection.execute(statement)]


async def slices_to_do(connection: AsyncConnection, batch_id: str) -> list[int]:
    """Return the slices that have unfinished items."""
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


async def has_work_now(connection: AsyncConnection, batch_id: str, *, at: datetime) -> bool:
    """Return whether a batch has an unfinished item that does not wait for a later fetch.

    An image that a clock which was ahead postponed for longer than others are is fetched now.
    """
    waits = exists().where(
        col(RemoteImageRow.image_id) == col(BatchItemRow.image_id),
        col(RemoteImageRow.next_try_at) > at,
        col(RemoteImageRow.next_try_at) < at + _MAX_POSTPONED,
    )
    queued = col(BatchItemRow.status) == ItemStatus.QUEUED
    running = col(BatchItemRow.status) == ItemStatus.RUNNING
    statement = (
        select(col(BatchItemRow.id))
        .where(col(BatchItemRow.batch_id) == batch_id, or_(running, and_(queued, ~waits)))
        .limit(1)
    )
    return (await connection.execute(statement)).first() is not None


def _of_batch(
    statement: Select[Any], batch_id: str, statuses: Collection[ItemStatus] | None
) -> Select[Any]:
    statement = statement.where(col(BatchItemRow.batch_id) == batch_id)
    if statuses is not None:
        statement = statement.where(col(BatchItemRow.status).in_(statuses))
    return statement
