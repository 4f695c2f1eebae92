"""Statements that compare the store with the tables, and that say which store it is."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.engine.records import read_records
from gql_server.database.records.stored_files import StoredFile
from gql_server.database.tables.batches import BatchItemRow, BatchRow
from gql_server.database.tables.idempotency_keys import IdempotencyKeyRow
from gql_server.database.tables.images import ImageRow, SourceImageRow
from gql_server.database.tables.processes import StoreRow
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.domain.batches import ItemStatus
from gql_server.domain.clock import now

StoredRow = type[ImageRow] | type[SourceImageRow]
"""A table whose rows have a file in the store."""


class StoredFiles(NamedTuple):
    """Rows that have a file below a prefix of the store.

    Attributes:
        prefix: The beginning of the keys.
        table: The rows.
        key: The column of the keys.
    """

    prefix: str
    table: StoredRow
    key: str = "storage_key"


STORED_FILES: Final = (
    StoredFiles("generated/", ImageRow),
    StoredFiles("sources/", SourceImageRow),
    StoredFiles("withheld/", ImageRow, "withheld_key"),
)
"""The files of all prefixes, in the order of their keys."""

_IMAGES: Final = "pictures"
_SAMPLE: Final = 5


async def adopted_store(connection: AsyncConnection) -> str | None:
    """Return the ID of the adopted store, or None if none was adopted."""
    statement = select(col(StoreRow.store_id)).where(col(StoreRow.purpose) == _IMAGES)
    return (await connection.execute(statement)).scalar_one_or_none()


async def adopt_store(database: Database, store_id: str) -> None:
    """Write which store has the images, replacing any other."""
    row = StoreRow(purpose=_IMAGES, store_id=store_id, adopted_at=now()).model_dump()
    try:
        async with database.write() as connection:
            await connection.execute(delete(StoreRow).where(col(StoreRow.purpose) == _IMAGES))
            await connection.execute(insert(StoreRow), row)
    except IntegrityError:  # another process did, which read the same marker
        return


async def some_stored_keys(connection: AsyncConnection) -> Sequence[str]:
    """Return the keys of the newest and the oldest files that should exist."""
    found: list[str] = []
    for table in (ImageRow, SourceImageRow):
        created_at = col(table.created_at)
        statement = select(col(table.storage_key)).where(*_with_file(table)).limit(_SAMPLE)
        for ordered in (statement.order_by(created_at.desc()), statement.order_by(created_at)):
            found.extend((await connection.execute(ordered)).scalars())
    return found


async def stored_rows(
    connection: AsyncConnection, files: StoredFiles, *, after: str, until: str, limit: int
) -> list[StoredFile]:
    """Return files in the order of their keys: after one key, up to and including another."""
    key = _key(files)
    is_moved = files.key == "withheld_key"
    statement = (
        select(
            *(
                key if name == "storage_key" else getattr(files.table, name)
                for name in StoredFile._fields
            )
        )
        .where(key > after, key <= until, *(_WITHHELD if is_moved else _existing(files.table)))
        .order_by(key)
        .limit(limit)
    )
    return read_records(await connection.execute(statement), StoredFile)


async def recorded_keys(
    connection: AsyncConnection, files: StoredFiles, keys: Collection[str]
) -> set[str]:
    """Return which of these keys of the store have a row."""
    key, table = _key(files), files.table
    is_expected = (
        col(ImageRow.purged_at).is_(None) if table is ImageRow else col(table.deleted_at).is_(None)
    )
    statement = select(key).where(key.in_(keys), is_expected)
    return set((await connection.execute(statement)).scalars())


async def set_missing(
    connection: AsyncConnection, table: StoredRow, ids: Collection[str], since: datetime | None
) -> None:
    """Mark rows whose files are gone, or exist again."""
    if ids:
        await connection.execute(
            update(table).where(col(table.id).in_(ids)).values(missing_since=since)
        )


async def expected_images(connection: AsyncConnection, ids: Collection[str]) -> set[str]:
    """Return which of these images may still be recorded, because a process works on them."""
    if not ids:
        return set()
    claimed = select(col(IdempotencyKeyRow.result_id)).where(
        col(IdempotencyKeyRow.result_id).in_(ids), col(IdempotencyKeyRow.completed_at).is_(None)
    )
    unfinished = select(col(BatchRow.id)).where(col(BatchRow.finished_at).is_(None))
    started = select(col(BatchItemRow.image_id)).where(
        col(BatchItemRow.batch_id).in_(unfinished),
        col(BatchItemRow.image_id).in_(ids),
        col(BatchItemRow.status).in_((ItemStatus.QUEUED, ItemStatus.RUNNING)),
    )
    # Paid for, and perhaps stored: only its row is missing.
    remembered = select(col(RemoteImageRow.image_id)).where(col(RemoteImageRow.image_id).in_(ids))
    return {
        image_id
        for statement in (claimed, started, remembered)
        for image_id in (await connection.execute(statement)).scalars()
    }


def _key(files: StoredFiles) -> Any:
    return getattr(files.table, files.key)


_WITHHELD: Final = (col(ImageRow.withheld_at).is_not(None), col(ImageRow.purged_at).is_(None))
"""Of images whose file is under its hidden key."""


def _existing(table: StoredRow) -> tuple[Any, ...]:
    """Return which rows have a file under their key: those of deleted ones are elsewhere."""
    return (col(table.deleted_at).is_(None),)


def _with_file(table: StoredRow) -> tuple[Any, ...]:
    return (*_existing(table), col(table.missing_since).is_(None))
