"""Statements about webhooks and their deliveries."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.pages import Facts, read_facts
from gql_server.database.tables.webhooks import WebhookDeliveryRow, WebhookRow
from gql_server.domain.ids import first_id, has_prefix
from gql_server.domain.webhooks import WebhookStatus

_BODY: Final = "body"
_COLUMNS: Final = tuple(
    column
    for column in WebhookRow.__table__.columns  # type: ignore[attr-defined]  # SQLModel does not type __table__
    if column.name != _BODY
)
_DELIVERY_COLUMNS: Final = tuple(WebhookDeliveryRow.__table__.columns)  # type: ignore[attr-defined]  # as above
LATEST_DELIVERIES: Final = 50


async def insert_webhook(connection: AsyncConnection, webhook: WebhookRow) -> None:
    """Write a new webhook."""
    await connection.execute(insert(WebhookRow), webhook.model_dump())


async def find_webhooks(
    connection: AsyncConnection, ids: Collection[str], *, user_id: str | None
) -> dict[str, Facts]:
    """Return a user's webhooks by id, or anybody's for None; one that is not there is left out."""
    shaped = [webhook_id for webhook_id in ids if has_prefix(webhook_id, "whk")]
    statement = _of_user(select(*_COLUMNS), user_id).where(col(WebhookRow.id).in_(shaped))
    return {row["id"]: row for row in read_facts(await connection.execute(statement))}


async def find_latest_webhooks(
    connection: AsyncConnection, subject_ids: Collection[str], *, user_id: str | None, limit: int
) -> dict[str, list[Facts]]:
    """Return the latest webhooks of batches or budgets, by their subject, the newest first.

    Args:
        connection: Where to read.
        subject_ids: The batches and budgets.
        user_id: Whose webhooks; None is anybody's.
        limit: How many of each at most.
    """
    chosen = _of_user(select(*_COLUMNS), user_id)
    return await _latest(connection, chosen, "subject_id", subject_ids, limit)


async def find_deliveries(
    connection: AsyncConnection, webhook_ids: Collection[str]
) -> dict[str, list[Facts]]:
    """Return the latest 50 deliveries of webhooks, by the webhook, the newest first."""
    chosen = select(*_DELIVERY_COLUMNS)
    return await _latest(connection, chosen, "webhook_id", webhook_ids, LATEST_DELIVERIES)


async def read_webhook(connection: AsyncConnection, webhook_id: str) -> WebhookRow | None:
    """Return all of a webhook, for its delivery."""
    statement = select(*_COLUMNS, col(WebhookRow.body)).where(col(WebhookRow.id) == webhook_id)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return WebhookRow(**row) if row is not None else None


async def find_due_webhooks(
    connection: AsyncConnection,
    *,
    before: datetime,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Facts]:
    """Return webhooks whose next delivery should have begun, in order, behind a place."""
    key = (col(WebhookRow.next_delivery_at), col(WebhookRow.id))
    statement = select(*_COLUMNS).where(
        col(WebhookRow.status) == WebhookStatus.PENDING, col(WebhookRow.next_delivery_at) < before
    )
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    return read_facts(await connection.execute(statement.order_by(*key).limit(limit)))


async def record_delivery(
    connection: AsyncConnection,
    delivery: WebhookDeliveryRow,
    *,
    round_number: int,
    attempts: int,
    values: Mapping[str, Any],
) -> bool:
    """Write an attempt, and how its webhook stands after it.

    Args:
        connection: The transaction.
        delivery: The attempt.
        round_number: The round that it belongs to.
        attempts: How many the round had before it.
        values: What changes in the webhook.

    Returns:
        Whether the webhook was still where the attempt found it.
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
    """Begin deliveries anew, at once; tell whether the user, or anybody for None, has it."""
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
    """Forget webhooks of before a moment that are not to be told any more, and their deliveries.

    Returns:
        How many there were, at most ``most``.
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


def _of_user(statement: Select[Any], user_id: str | None) -> Select[Any]:
    if user_id is None:
        return statement
    return statement.where(col(WebhookRow.user_id) == user_id)


async def _latest(
    connection: AsyncConnection,
    chosen: Select[Any],
    group_name: str,
    groups: Collection[str],
    limit: int,
) -> dict[str, list[Facts]]:
    # Ids sort by the moment that they were given out.
    group, row_id = chosen.selected_columns[group_name], chosen.selected_columns["id"]
    place = func.row_number().over(partition_by=group, order_by=row_id.desc()).label("place")
    ranked = chosen.add_columns(place).where(group.in_(groups)).subquery()
    columns = [column for column in ranked.columns if column.name != "place"]
    statement = select(*columns).where(ranked.c.place <= limit).order_by(ranked.c.id.desc())
    found: dict[str, list[Facts]] = defaultdict(list)
    for row in read_facts(await connection.execute(statement)):
        found[row[group_name]].append(row)
    return found
