"""Statements about batches: their states and counts, which change under the batch's row lock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, TypedDict

from sqlalchemy import (
    BigInteger,
    Executable,
    Integer,
    Select,
    String,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.columns import UtcDateTime, columns_of
from gql_server.database.engine.notifications import notify
from gql_server.database.engine.pages import Page, PageRequest, page_statement, read_page
from gql_server.database.engine.records import read_records, records_by_id, select_records
from gql_server.database.queries.batch_labels import (
    LabelFilter,
    insert_labels,
    label_conditions,
)
from gql_server.database.records.batches import BatchRecord
from gql_server.database.tables.batches import BatchItemRow, BatchLabelsRow, BatchRow
from gql_server.domain.batches import STARTABLE, BatchStatus, ItemStatus
from gql_server.domain.clock import now

_COUNTS: Final[Mapping[ItemStatus, ColumnElement[int]]] = {
    status: getattr(BatchRow, status.value) for status in ItemStatus
}


_INSERTED_AT_ONCE: Final = 200
_MAX_SKEW: Final = timedelta(minutes=1)
"""Maximum number of rows written before other tasks get their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFilter:
    """Filters batches; None does not filter."""

    user_id: str | None = None
    statuses: tuple[BatchStatus, ...] | None = None
    labels: LabelFilter = field(default_factory=LabelFilter)


def batch_topic(batch_id: str) -> str:
    """Return the topic that is notified when a batch changes."""
    return f"batch:{batch_id}"


class NewItem(TypedDict):
    """The columns of a new item; creating thousands of row objects would take seconds."""

    id: str
    batch_id: str
    user_id: str
    position: int
    slice: int
    status: str
    prompt: str
    request: Mapping[str, Any]
    accepted: Mapping[str, Any]
    image_id: str
    price: int
    attempts: int
    created_at: datetime


async def insert_batch(
    connection: AsyncConnection,
    batch: BatchRow,
    items: Sequence[NewItem],
    labels: BatchLabelsRow | None = None,
) -> None:
    """Write a batch, its labels and its items."""
    await connection.execute(insert(BatchRow), batch.model_dump())
    if labels is not None:
        await insert_labels(connection, labels)
    for start in range(0, len(items), _INSERTED_AT_ONCE):
        await connection.execute(insert(BatchItemRow), items[start : start + _INSERTED_AT_ONCE])


async def find_batches(
    connection: AsyncConnection, ids: Collection[str], *, user_id: str | None
) -> dict[str, BatchRecord]:
    """Return batches by ID. IDs without a batch are left out."""
    return await records_by_id(
        connection, BatchRow, BatchRecord, ids, prefix="bat", user_id=user_id
    )


async def lock_batch(connection: AsyncConnection, batch_id: str) -> BatchRecord | None:
    """Return a batch, locked until the transaction ends."""
    statement = (
        select_records(BatchRow, BatchRecord).where(col(BatchRow.id) == batch_id).with_for_update()
    )
    found = read_records(await connection.execute(statement), BatchRecord)
    return found[0] if found else None


async def batch_page(
    connection: AsyncConnection, where: BatchFilter, request: PageRequest
) -> Page[BatchRecord]:
    """Return one page of batches."""
    statement = page_statement(
        _narrowed(select_records(BatchRow, BatchRecord), where),
        col(BatchRow.created_at),
        col(BatchRow.id),
        request,
    )
    return read_page(read_records(await connection.execute(statement), BatchRecord), request)


async def count_batches(connection: AsyncConnection, where: BatchFilter) -> int:
    """Count the batches of a list."""
    statement = _narrowed(select(func.count(col(BatchRow.id))), where)
    return int((await connection.execute(statement)).scalar_one())


async def find_paused(connection: AsyncConnection, *, moment: datetime, limit: int) -> list[str]:
    """Return paused batches that are due to resume.

    A pause that starts in the future started before a clock stepped back: it is over too.
    """
    statement = (
        select(col(BatchRow.id))
        .where(
            col(BatchRow.status) == BatchStatus.PAUSED,
            or_(
                col(BatchRow.resumes_at) <= moment,
                col(BatchRow.paused_at) > moment + _MAX_SKEW,
            ),
        )
        .limit(limit)
    )
    return list((await connection.execute(statement)).scalars())


async def find_unfinished(
    connection: AsyncConnection, *, moment: datetime, age: timedelta, after: str, limit: int
) -> list[BatchRecord]:
    """Return batches with work to do, in the order of their IDs.

    Args:
        connection: Where to read.
        moment: The current time.
        age: Their minimum age; one from the future was created before a clock stepped back.
        after: Only batches after this ID.
        limit: How many to return at most.
    """
    statement = (
        select_records(BatchRow, BatchRecord)
        .where(
            col(BatchRow.status).in_((*STARTABLE, BatchStatus.CANCELING)),
            or_(
                col(BatchRow.created_at) < moment - age,
                col(BatchRow.created_at) > moment + _MAX_SKEW,
            ),
            col(BatchRow.id) > after,
        )
        .order_by(col(BatchRow.id))
        .limit(limit)
    )
    return read_records(await connection.execute(statement), BatchRecord)


async def count_start(connection: AsyncConnection, batch_id: str, *, items: int) -> None:
    """Count items that were started."""
    given = {"of_batch": batch_id, "items": items, "moment": now()}
    await connection.execute(_COUNT_START, given)
    await notify(connection, batch_topic(batch_id))


async def count_back(connection: AsyncConnection, batch_id: str) -> None:
    """Count a started item that was queued again."""
    await connection.execute(
        update(BatchRow)
        .where(col(BatchRow.id) == batch_id)
        .values(queued=col(BatchRow.queued) + 1, running=col(BatchRow.running) - 1)
    )
    await notify(connection, batch_topic(batch_id))


async def count_ends(
    connection: AsyncConnection,
    batch_id: str,
    *,
    left: ItemStatus,
    reached: ItemStatus,
    items: int = 1,
    cost: int = 0,
    not_spent: int = 0,
) -> BatchRecord:
    """Count items that ended, number their events, and end the batch with its last item.

    Args:
        connection: Where to write.
        batch_id: The batch.
        left: The earlier status of the items.
        reached: Their new status.
        items: How many.
        cost: What was charged for them.
        not_spent: The part of their price that was not charged.

    Returns:
        The batch; its ``sequence`` is the number of the last event.
    """
    given = {"of_batch": batch_id, "items": items, "charged": cost, "not_spent": not_spent}
    result = await connection.execute(_count_ends(left, reached), given)
    (batch,) = read_records(result, BatchRecord)
    await notify(connection, batch_topic(batch_id))
    if batch.queued or batch.running:
        return batch
    end: dict[str, Any] = {
        "status": _final_status(batch).value,
        "finished_at": now(),
        "paused_reason": None,
        "resumes_at": None,
    }
    await set_batch(connection, batch_id, end)
    return batch._replace(**end)


async def set_batch(connection: AsyncConnection, batch_id: str, values: Mapping[str, Any]) -> None:
    """Change columns of a batch."""
    await connection.execute(
        update(BatchRow).where(col(BatchRow.id) == batch_id).values(dict(values))
    )
    await notify(connection, batch_topic(batch_id))


@cache
def _count_ends(left: ItemStatus, reached: ItemStatus) -> Executable:
    return (
        update(BatchRow)
        .where(_OF_BATCH)
        .values(
            {
                left.value: _COUNTS[left] - _ITEMS,
                reached.value: _COUNTS[reached] + _ITEMS,
                "sequence": col(BatchRow.sequence) + _ITEMS,
                "cost": col(BatchRow.cost) + bindparam("charged", type_=BigInteger()),
                "estimated_cost": col(BatchRow.estimated_cost)
                - bindparam("not_spent", type_=BigInteger()),
            }
        )
        .returning(*columns_of(BatchRow, BatchRecord._fields))
    )


def _final_status(batch: BatchRecord) -> BatchStatus:
    if batch.canceled:
        return BatchStatus.CANCELED
    if not batch.failed:
        return BatchStatus.SUCCEEDED
    return BatchStatus.PARTIALLY_FAILED if batch.succeeded else BatchStatus.FAILED


def _narrowed(statement: Select[Any], where: BatchFilter) -> Select[Any]:
    statement = statement.where(col(BatchRow.is_single).is_(False))
    if where.user_id is not None:
        statement = statement.where(col(BatchRow.user_id) == where.user_id)
    if where.statuses is not None:
        statement = statement.where(col(BatchRow.status).in_(where.statuses))
    return statement.where(*label_conditions(where.labels))


_OF_BATCH: Final = col(BatchRow.id) == bindparam("of_batch", type_=String())
_ITEMS: Final[ColumnElement[int]] = bindparam("items", type_=Integer())
_COUNT_START: Final = (
    update(BatchRow)
    .where(_OF_BATCH)
    .values(
        queued=col(BatchRow.queued) - _ITEMS,
        running=col(BatchRow.running) + _ITEMS,
        started_at=func.coalesce(
            col(BatchRow.started_at), bindparam("moment", type_=UtcDateTime())
        ),
        status=case(
            (col(BatchRow.status) == BatchStatus.QUEUED, BatchStatus.RUNNING.value),
            else_=col(BatchRow.status),
        ),
    )
)
