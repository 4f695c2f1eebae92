"""Statements about webhooks and their deliveries."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Select, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.pages import Page, PageRequest, page_statement, read_page
from gql_server.database.engine.records import read_records, records_by_id, select_records
from gql_server.database.records.webhooks import DeliveryRecord, WebhookRecord
from gql_server.database.tables.webhooks import WebhookDeliveryRow, WebhookRow
from gql_server.domain.ids import first_id, has_prefix
from gql_server.domain.webhooks import WebhookStatus

LATEST_DELIVERIES: Final = 50

RecordT = TypeVar("RecordT", bound=NamedTuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFilter:
    """Filters webhooks; None does not filter."""

    user_id: str | None = None
    statuses: tuple[WebhookStatus, ...] | None = None
    subject_ids: tuple[str, ...] | None = None


async def insert_webhook(connection: AsyncConnection, webhook: WebhookRow) -> None:
    """Write a new webhook."""
    await connection.execute(insert(WebhookRow), webhook.model_dump())


async def find_webhooks(
    connection: AsyncConnection, ids: Collection[str], *, user_id: str | None
) -> dict[str, WebhookRecord]:
    """Return a user's webhooks or, for None, all users', by ID. Missing ones are left out."""
    return await records_by_id(
        connection, WebhookRow, WebhookRecord, ids, prefix="whk", user_id=user_id
    )


async def find_latest_webhooks(
    connection: AsyncConnection, subject_ids: Collection[str], *, user_id: str | None, limit: int
) -> dict[str, list[WebhookRecord]]:
    """Return the latest webhooks of batches or budgets by their subject, newest first.

    Args:
        connection: Where to read.
        subject_ids: The batches and budgets.
        user_id: The owner of the webhooks; None means any.
        limit: How many to return of each subject at most.
    """
    chosen = select_records(WebhookRow, WebhookRecord)
    if user_id is not None:
        chosen = chosen.where(col(WebhookRow.user_id) == user_id)
    latest = await _latest(connection, chosen, WebhookRecord, "subject_id", subject_ids, limit)
    found: defaultdict[str, list[WebhookRecord]] = defaultdict(list)
    for webhook in latest:
        found[webhook.subject_id].append(webhook)
    return found


async def find_deliveries(
    connection: AsyncConnection, webhook_ids: Collection[str]
) -> dict[str, list[DeliveryRecord]]:
    """Return the latest 50 deliveries of each webhook, newest first."""
    chosen = select_records(WebhookDeliveryRow, DeliveryRecord)
    latest = await _latest(
        connection, chosen, DeliveryRecord, "webhook_id", webhook_ids, LATEST_DELIVERIES
    )
    found: defaultdict[str, list[DeliveryRecord]] = defaultdict(list)
    for delivery in latest:
        found[delivery.webhook_id].append(delivery)
    return found


async def webhook_page(
    connection: AsyncConnection, where: WebhookFilter, request: PageRequest
) -> Page[WebhookRecord]:
    """Return one page of webhooks."""
    statement = page_statement(
        _narrowed(select_records(WebhookRow, WebhookRecord), where),
        col(WebhookRow.created_at),
        col(WebhookRow.id),
        request,
    )
    return read_page(read_records(await connection.execute(statement), WebhookRecord), request)


async def count_webhooks(connection: AsyncConnection, where: WebhookFilter) -> int:
    """Count the webhooks of a list."""
    statement = _narrowed(select(func.count(col(WebhookRow.id))), where)
    return int((await connection.execute(statement)).scalar_one())


async def read_webhook(
    connection: AsyncConnection, webhook_id: str
) -> tuple[WebhookRecord, str] | None:
    """Return a webhook and its body, for its delivery."""
    statement = (
        select_records(WebhookRow, WebhookRecord)
        .add_columns(col(WebhookRow.body))
        .where(col(WebhookRow.id) == webhook_id)
    )
    row = (await connection.execute(statement)).one_or_none()
    return (WebhookRecord._make(row[:-1]), row.body) if row is not None else None


async def find_due_webhooks(
    connection: AsyncConnection,
    *,
    before: datetime,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[WebhookRecord]:
    """Return webhooks whose next delivery is due before a time, in order, after a sort key."""
    key = (col(WebhookRow.next_delivery_at), col(WebhookRow.id))
    statement = select_records(WebhookRow, WebhookRecord).where(
        col(WebhookRow.status) == WebhookStatus.PENDING, col(WebhookRow.next_delivery_at) < before
    )
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    result = await connection.execute(statement.order_by(*key).limit(limit))
    return read_records(result, WebhookRecord)


async def record_delivery(
    connection: AsyncConnection,
    delivery: WebhookDeliveryRow,
    *,
    round_number: int,
    attempts: int,
    values: Mapping[str, Any],
) -> bool:
    """Write an attempt and the state of its webhook after it.

    Args:
        connection: The transaction.
        delivery: The attempt.
        round_number: The round the attempt belongs to.
        attempts: Number of attempts of the round before this one.
        values: The columns of the webhook to change.

    Returns:
        Whether the webhook was unchanged since it was read for the attempt.
    """
    await connection.execute(insert(WebhookDeliveryRow), delivery.model_dump())
    changed = await connection.execute(
        update(WebhookRow)
        .where(
            col(WebhookRow.id) == delivery.webhook_id,
            col(WebhookRow.status) == WebhookStatus.PENDING,
            col(WebhookRow.round) == round_number,
            col(WebhookRow.attempts) == attempts,
        )
        .values(attempts=attempts + 1, **values)
    )
    return changed.rowcount == 1


async def begin_round(
    connection: AsyncConnection, webhook_id: str, *, user_id: str | None, moment: datetime
) -> bool:
    """Start a new round of deliveries now; return whether the user, or for None any, has it."""
    if not has_prefix(webhook_id, "whk"):
        return False
    statement = (
        update(WebhookRow)
        .where(col(WebhookRow.id) == webhook_id)
        .values(
            status=WebhookStatus.PENDING,
            round=col(WebhookRow.round) + 1,
            attempts=0,
            next_delivery_at=moment,
        )
    )
    if user_id is not None:
        statement = statement.where(col(WebhookRow.user_id) == user_id)
    return (await connection.execute(statement)).rowcount == 1


async def remove_old_webhooks(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete finished webhooks that are older than a time, with their deliveries.

    Returns:
        How many were deleted, at most ``limit``.
    """
    webhook_id = col(WebhookRow.id)
    old = (
        select(webhook_id)
        .where(
            webhook_id < first_id("whk", before), col(WebhookRow.status) != WebhookStatus.PENDING
        )
        .order_by(webhook_id)
        .limit(limit)
    )
    ids = list((await connection.execute(old)).scalars())
    if ids:
        of_them = col(WebhookDeliveryRow.webhook_id).in_(ids)
        await connection.execute(delete(WebhookDeliveryRow).where(of_them))
        await connection.execute(delete(WebhookRow).where(webhook_id.in_(ids)))
    return len(ids)


def _narrowed(statement: Select[Any], where: WebhookFilter) -> Select[Any]:
    if where.user_id is not None:
        statement = statement.where(col(WebhookRow.user_id) == where.user_id)
    if where.statuses is not None:
        statement = statement.where(col(WebhookRow.status).in_(where.statuses))
    if where.subject_ids is not None:
        statement = statement.where(col(WebhookRow.subject_id).in_(where.subject_ids))
    return statement


async def _latest(
    connection: AsyncConnection,
    chosen: Select[Any],
    record: type[RecordT],
    group_name: str,
    groups: Collection[str],
    limit: int,
) -> list[RecordT]:
    """Return the newest rows of each group, newest first: IDs sort by creation time."""
    group, row_id = chosen.selected_columns[group_name], chosen.selected_columns["id"]
    rank = func.row_number().over(partition_by=group, order_by=row_id.desc()).label("rank")
    ranked = chosen.add_columns(rank).where(group.in_(groups)).subquery()
    columns = [ranked.c[name] for name in record._fields]
    statement = select(*columns).where(ranked.c.rank <= limit).order_by(ranked.c.id.desc())
    return read_records(await connection.execute(statement), record)
