"""Statements that find and erase what is older than the settings keep."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import String, cast, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col

from gql_server.database.engine.columns import table_of
from gql_server.database.engine.present import present
from gql_server.database.queries.erasing import erase_requests
from gql_server.database.tables.batches import BatchItemRow, BatchRow
from gql_server.database.tables.images import ImageRow, SourceImageRow
from gql_server.domain.batches import ItemStatus

_NO_IMAGE: Final = (ItemStatus.FAILED, ItemStatus.CANCELED)
_NO_REQUEST: Final = "{}"

Position = tuple[datetime, str]
"""The creation time and the ID of the last row that was read."""


class OldRows(NamedTuple):
    """A page of old rows.

    ``ids`` are those to erase, ``last`` is the position of the page's last row; None: no row.
    """

    ids: list[str]
    last: Position | None


async def images_deleted_before(
    connection: AsyncConnection, moment: datetime, *, limit: int
) -> list[str]:
    """Return images that were deleted before a time and are not purged, the oldest first."""
    deleted_at = col(ImageRow.deleted_at)
    statement = (
        select(col(ImageRow.id))
        .where(deleted_at.is_not(None), deleted_at < moment, col(ImageRow.purged_at).is_(None))
        .order_by(deleted_at, col(ImageRow.id))
        .limit(limit)
    )
    return list((await connection.execute(statement)).scalars())


async def old_images(
    connection: AsyncConnection, moment: datetime, *, after: Position | None, limit: int
) -> OldRows:
    """Return a page of images that were created before a time."""
    return await _old(connection, ImageRow, ImageRow.purged_at, moment, after=after, limit=limit)


async def old_uploads(
    connection: AsyncConnection, moment: datetime, *, after: Position | None, limit: int
) -> OldRows:
    """Return a page of uploads that were created before a time."""
    return await _old(
        connection, SourceImageRow, SourceImageRow.deleted_at, moment, after=after, limit=limit
    )


async def old_batches(
    connection: AsyncConnection, *, single: bool, after: Position | None, limit: int
) -> tuple[Sequence[tuple[str, datetime | None, int]], Position | None]:
    """Return a page of batches, or of generations, the oldest first, and its last position.

    Each has its ID, when it ended, and how many of its items ended without an image.
    """
    key = (col(BatchRow.created_at), col(BatchRow.id))
    without = col(BatchRow.failed) + col(BatchRow.canceled)
    statement = select(*key, col(BatchRow.finished_at), without).where(
        col(BatchRow.is_single) == single
    )
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    rows = (await connection.execute(statement.order_by(*key).limit(limit))).all()
    found = [(row[1], row[2], row[3]) for row in rows]
    return found, (rows[-1][0], rows[-1][1]) if rows else None


async def erase_failed_requests(connection: AsyncConnection, batch_ids: Collection[str]) -> int:
    """Erase the requests of items that ended without an image; return how many there were."""
    return await erase_requests(
        connection,
        col(BatchItemRow.batch_id).in_(batch_ids)
        & col(BatchItemRow.status).in_(_NO_IMAGE)
        & (cast(col(BatchItemRow.request), String) != _NO_REQUEST),
    )


async def delete_uploads(connection: AsyncConnection, ids: Collection[str]) -> int:
    """Mark uploads as deleted, so that their files are erased; return how many were not."""
    moment = present(connection.dialect.name)
    statement = (
        update(SourceImageRow)
        .where(col(SourceImageRow.id).in_(ids), col(SourceImageRow.deleted_at).is_(None))
        .values(deleted_at=moment, file_due_at=moment)
    )
    return (await connection.execute(statement)).rowcount


async def _old(
    connection: AsyncConnection,
    table: type[SQLModel],
    erased_at: Any,
    moment: datetime,
    *,
    after: Position | None,
    limit: int,
) -> OldRows:
    columns = table_of(table).c
    key = (columns.created_at, columns.id)
    statement = select(*key, col(erased_at)).where(columns.created_at < moment)
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    rows = (await connection.execute(statement.order_by(*key).limit(limit))).all()
    if not rows:
        return OldRows([], None)
    return OldRows([row[1] for row in rows if row[2] is None], (rows[-1][0], rows[-1][1]))
