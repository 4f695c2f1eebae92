"""Statements that erase what people wrote, and keep what the ledger and the counts refer to.

Amounts, times, models and IDs stay: charges, roll-ups and batches agree with them as before.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.present import present
from gql_server.database.queries.batch_labels import erase_labels
from gql_server.database.queries.image_files import due_now
from gql_server.database.tables.batches import BatchItemRow, BatchRow
from gql_server.database.tables.idempotency_keys import IdempotencyKeyRow
from gql_server.database.tables.images import ImageRow, ImageTagRow
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.domain.batches import ItemStatus

_NO_WORDS: Final[dict[str, Any]] = {
    "prompt": "",
    "rendered_prompt": "",
    "search_text": "",
    "parameters": {},
    "placeholder": "",
    "tags": [],
    "attributes": None,
    "gateway_log_id": None,
    "provenance": None,
}
_NO_REQUEST: Final[dict[str, Any]] = {"prompt": "", "request": {}, "accepted": {}}
_MAX_RETRIES: Final = 20
"""How many retries of retries of a batch are followed back."""


async def purge_images(connection: AsyncConnection, ids: Collection[str], *, at: datetime) -> int:
    """Erase the words of images wherever they are, and make their files due; return how many.

    Those that were purged before are left as they are.
    """
    kept = (col(ImageRow.id).in_(ids), col(ImageRow.purged_at).is_(None))
    found = (
        select(col(ImageRow.id), col(ImageRow.prompt), col(ImageRow.batch_id))
        .where(*kept)
        .order_by(col(ImageRow.id))
        .with_for_update()
    )
    rows = (await connection.execute(found)).all()
    if not rows:
        return 0
    purged = [row.id for row in rows]
    await connection.execute(delete(ImageTagRow).where(col(ImageTagRow.image_id).in_(purged)))
    batch_ids = {row.batch_id for row in rows if row.batch_id is not None}
    if batch_ids:
        items = (col(BatchItemRow.batch_id).in_(batch_ids), col(BatchItemRow.image_id).in_(purged))
        await connection.execute(update(BatchItemRow).where(*items).values(_NO_REQUEST))
        prompts = {row.prompt for row in rows if row.batch_id is not None}
        await _erase_retried(connection, batch_ids, prompts)
    await connection.execute(
        update(IdempotencyKeyRow)
        .where(col(IdempotencyKeyRow.result_id).in_(purged))
        .values(accepted=None)
    )
    await connection.execute(delete(RemoteImageRow).where(col(RemoteImageRow.image_id).in_(purged)))
    dialect = connection.dialect.name
    await connection.execute(
        update(ImageRow)
        .where(col(ImageRow.id).in_(purged))
        .values(
            **_NO_WORDS,
            deleted_at=func.coalesce(col(ImageRow.deleted_at), present(dialect)),
            purged_at=at,
            file_due_at=due_now(dialect),
        )
    )
    if batch_ids:
        await _erase_labels_of_empty(connection, batch_ids)
    return len(purged)


async def erase_requests(connection: AsyncConnection, where: ColumnElement[bool]) -> int:
    """Erase the requests of items; return how many had one."""
    statement = update(BatchItemRow).where(where).values(_NO_REQUEST)
    return (await connection.execute(statement)).rowcount


async def _erase_labels_of_empty(connection: AsyncConnection, batch_ids: Collection[str]) -> None:
    """Erase the labels of batches that have no image left: the images had them, too."""
    left = exists().where(
        col(ImageRow.batch_id) == col(BatchRow.id), col(ImageRow.purged_at).is_(None)
    )
    empty = select(col(BatchRow.id)).where(
        col(BatchRow.id).in_(batch_ids), col(BatchRow.finished_at).is_not(None), ~left
    )
    found = list((await connection.execute(empty)).scalars())
    if found:
        await erase_labels(connection, found)


async def _erase_retried(
    connection: AsyncConnection, batch_ids: Collection[str], prompts: Collection[str]
) -> None:
    """Erase the same prompts from the failed items that these batches are retries of."""
    for _ in range(_MAX_RETRIES):
        earlier = select(col(BatchRow.retry_of)).where(col(BatchRow.id).in_(batch_ids))
        found = (await connection.execute(earlier)).scalars()
        batch_ids = {one for one in found if one is not None}
        if not batch_ids:
            return
        await erase_requests(
            connection,
            col(BatchItemRow.batch_id).in_(batch_ids)
            & (col(BatchItemRow.status) == ItemStatus.FAILED)
            & col(BatchItemRow.prompt).in_(prompts),
        )
