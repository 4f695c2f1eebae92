"""Statements that read and erase everything of one user, in slices.

Erasing can be repeated after a crash: each statement leaves nothing for the next time.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col

from gql_server.database.engine.columns import table_of
from gql_server.database.engine.engine import Database
from gql_server.database.engine.present import present
from gql_server.database.queries.allowances import forget_allowance
from gql_server.database.queries.batch_labels import erase_labels
from gql_server.database.queries.processes import is_alive
from gql_server.database.tables.access import ApiKeyRow
from gql_server.database.tables.batches import BatchItemRow, BatchRow
from gql_server.database.tables.budgets import BudgetRow
from gql_server.database.tables.idempotency_keys import IdempotencyKeyRow
from gql_server.database.tables.images import ImageRow, SourceImageRow
from gql_server.database.tables.ledger import ChargeKind, ChargeRow
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.database.tables.templates import TemplateRow
from gql_server.database.tables.webhooks import WebhookDeliveryRow, WebhookRow
from gql_server.domain.batches import ItemStatus
from gql_server.domain.budgets import BudgetScope

_SLICE: Final = 500
_UNFINISHED: Final = (ItemStatus.QUEUED, ItemStatus.RUNNING)


async def rows_of_user(
    database: Database, table: type[SQLModel], user_id: str, *where: ColumnElement[bool]
) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """Yield every row of a table that a user owns, oldest first, some hundreds at a time."""
    columns = table_of(table).c
    key = (columns.created_at, columns.id)
    mine = select(table_of(table)).where(columns.user_id == user_id, *where).order_by(*key)
    after: tuple[Any, ...] | None = None
    while True:
        statement = mine if after is None else mine.where(tuple_(*key) > after)
        async with database.read() as connection:
            rows = (await connection.execute(statement.limit(_SLICE))).mappings().all()
        if rows:
            yield [dict(row) for row in rows]
        if len(rows) < _SLICE:
            return
        after = (rows[-1]["created_at"], rows[-1]["id"])


async def items_of_batch(
    database: Database, batch_id: str
) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """Yield the items of a batch, in their order, some hundreds at a time."""
    position = col(BatchItemRow.position)
    after = -1
    while True:
        statement = (
            select(table_of(BatchItemRow))
            .where(col(BatchItemRow.batch_id) == batch_id, position > after)
            .order_by(position)
            .limit(_SLICE)
        )
        async with database.read() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        if rows:
            yield [dict(row) for row in rows]
        if len(rows) < _SLICE:
            return
        after = rows[-1]["position"]


async def budgets_of_user(
    connection: AsyncConnection, user_id: str, key_ids: Collection[str]
) -> list[Mapping[str, Any]]:
    """Return the budgets of a user and of these keys."""
    found = await connection.execute(
        select(table_of(BudgetRow)).where(_budgets_of(user_id, key_ids))
    )
    return [dict(row) for row in found.mappings()]


async def delete_keys(connection: AsyncConnection, user_id: str) -> int:
    """Delete a user's API keys and their budgets, and the user's own; return how many keys."""
    ids = select(col(ApiKeyRow.id)).where(col(ApiKeyRow.user_id) == user_id)
    key_ids = list((await connection.execute(ids)).scalars())
    await connection.execute(delete(BudgetRow).where(_budgets_of(user_id, key_ids)))
    await connection.execute(delete(ApiKeyRow).where(col(ApiKeyRow.user_id) == user_id))
    await forget_allowance(connection, user_id)
    return len(key_ids)


async def some_images(connection: AsyncConnection, user_id: str, *, limit: int) -> list[str]:
    """Return images of a user that are not purged."""
    statement = select(col(ImageRow.id)).where(*_not_purged(user_id)).limit(limit)
    return list((await connection.execute(statement)).scalars())


async def count_unpurged(connection: AsyncConnection, user_id: str) -> int:
    """Count the images of a user that are not purged."""
    statement = select(func.count(col(ImageRow.id))).where(*_not_purged(user_id))
    return int((await connection.execute(statement)).scalar_one())


async def delete_some_uploads(connection: AsyncConnection, user_id: str) -> list[str]:
    """Mark some uploads of a user as deleted, so that their files are erased; return which."""
    mine = (col(SourceImageRow.user_id) == user_id, col(SourceImageRow.deleted_at).is_(None))
    some = select(col(SourceImageRow.id)).where(*mine).limit(_SLICE // 5)
    moment = present(connection.dialect.name)
    marked = (
        update(SourceImageRow)
        .where(col(SourceImageRow.id).in_(some))
        .values(deleted_at=moment, file_due_at=moment)
        .returning(col(SourceImageRow.id))
    )
    return list((await connection.execute(marked)).scalars())


async def forget_uploads(connection: AsyncConnection, user_id: str) -> None:
    """Delete the rows of a user's uploads whose files are erased."""
    await connection.execute(
        delete(SourceImageRow).where(
            col(SourceImageRow.user_id) == user_id,
            col(SourceImageRow.deleted_at).is_not(None),
            col(SourceImageRow.file_due_at).is_(None),
        )
    )


async def files_left(connection: AsyncConnection, user_id: str) -> int:
    """Count the files of a user that must still be erased."""
    total = 0
    for table in (ImageRow, SourceImageRow):
        due = (col(table.file_due_at).is_not(None), col(table.user_id) == user_id)
        statement = select(func.count(col(table.id))).where(*due)
        total += int((await connection.execute(statement)).scalar_one())
    return total


async def unfinished_work(connection: AsyncConnection, user_id: str) -> int:
    """Count what processes still generate for a user: items of batches, and keyed requests."""
    unfinished = select(col(BatchRow.id)).where(
        col(BatchRow.user_id) == user_id, col(BatchRow.finished_at).is_(None)
    )
    items = select(func.count(col(BatchItemRow.id))).where(
        col(BatchItemRow.batch_id).in_(unfinished), col(BatchItemRow.status).in_(_UNFINISHED)
    )
    keys = select(func.count()).where(
        col(IdempotencyKeyRow.user_id) == user_id,
        col(IdempotencyKeyRow.completed_at).is_(None),
        is_alive(col(IdempotencyKeyRow.process_id)),
    )
    return sum([(await connection.execute(one)).scalar_one() for one in (items, keys)])


async def erase_batch(connection: AsyncConnection, batch_id: str) -> None:
    """Erase the words of a batch and of its items that have ended."""
    ended = (
        col(BatchItemRow.batch_id) == batch_id,
        col(BatchItemRow.status).not_in(_UNFINISHED),
    )
    await connection.execute(
        update(BatchItemRow).where(*ended).values(prompt="", request={}, accepted={}, error=None)
    )
    await erase_labels(connection, [batch_id])
    await connection.execute(
        update(BatchRow)
        .where(col(BatchRow.id) == batch_id)
        .values(webhook_url=None, traceparent=None)
    )


async def erase_templates(connection: AsyncConnection, user_id: str) -> None:
    """Delete a user's templates, and erase their words; images refer to the rows."""
    await connection.execute(
        update(TemplateRow)
        .where(col(TemplateRow.user_id) == user_id)
        .values(
            name="",
            description=None,
            default_prompt="",
            parameters={},
            deleted_at=func.coalesce(col(TemplateRow.deleted_at), present(connection.dialect.name)),
        )
    )


async def erase_requests_of(connection: AsyncConnection, user_id: str) -> None:
    """Delete a user's idempotency keys, images at providers, and reasons of adjustments."""
    await connection.execute(
        delete(IdempotencyKeyRow).where(
            col(IdempotencyKeyRow.user_id) == user_id,
            or_(
                col(IdempotencyKeyRow.completed_at).is_not(None),
                ~is_alive(col(IdempotencyKeyRow.process_id)),
            ),
        )
    )
    await connection.execute(delete(RemoteImageRow).where(col(RemoteImageRow.user_id) == user_id))
    await connection.execute(
        update(ChargeRow)
        .where(
            col(ChargeRow.user_id) == user_id,
            col(ChargeRow.kind) == ChargeKind.ADJUSTMENT,
            col(ChargeRow.reason).is_not(None),
        )
        .values(reason=None)
    )


async def delete_some_webhooks(connection: AsyncConnection, user_id: str) -> int:
    """Delete some webhooks of a user with their deliveries; return how many."""
    some = select(col(WebhookRow.id)).where(col(WebhookRow.user_id) == user_id).limit(_SLICE)
    ids = list((await connection.execute(some)).scalars())
    if ids:
        of_them = col(WebhookDeliveryRow.webhook_id).in_(ids)
        await connection.execute(delete(WebhookDeliveryRow).where(of_them))
        await connection.execute(delete(WebhookRow).where(col(WebhookRow.id).in_(ids)))
    return len(ids)


def _budgets_of(user_id: str, key_ids: Collection[str]) -> ColumnElement[bool]:
    scope, subject = col(BudgetRow.scope), col(BudgetRow.subject_id)
    return or_(
        (scope == BudgetScope.USER) & (subject == user_id),
        (scope == BudgetScope.KEY) & subject.in_(key_ids),
    )


def _not_purged(user_id: str) -> tuple[ColumnElement[bool], ...]:
    return (col(ImageRow.user_id) == user_id, col(ImageRow.purged_at).is_(None))
