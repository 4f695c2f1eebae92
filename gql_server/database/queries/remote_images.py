"""Statements about images that wait at a provider's address."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.engine.records import read_records, select_records
from gql_server.database.queries.processes import is_alive
from gql_server.database.records.remote_images import RemoteImageRecord
from gql_server.database.tables.remote_images import RemoteImageRow

_IMAGE_ID: Final = col(RemoteImageRow.image_id)


async def add_remote_image(database: Database, row: RemoteImageRow) -> None:
    """Write down where an image waits, in place of what was known of the same image."""
    values = row.model_dump()
    try:
        async with database.write() as connection:
            await connection.execute(delete(RemoteImageRow).where(_IMAGE_ID.in_([row.image_id])))
            await connection.execute(insert(RemoteImageRow), values)
    except IntegrityError:  # another process wrote the same image just now
        return


async def find_remote_image(connection: AsyncConnection, image_id: str) -> RemoteImageRecord | None:
    """Return where an image waits, if it does."""
    statement = select_records(RemoteImageRow, RemoteImageRecord).where(_IMAGE_ID.in_([image_id]))
    found = read_records(await connection.execute(statement), RemoteImageRecord)
    return found[0] if found else None


async def postpone_remote_image(
    connection: AsyncConnection, image_id: str, *, until: datetime
) -> None:
    """Set when an image is fetched next."""
    statement = update(RemoteImageRow).where(_IMAGE_ID.in_([image_id])).values(next_try_at=until)
    await connection.execute(statement)


async def claim_due_images(
    connection: AsyncConnection,
    *,
    at: datetime,
    until: datetime,
    no_later_than: datetime,
    process_id: str,
    limit: int,
) -> Sequence[RemoteImageRecord]:
    """Claim images that are due for another fetch, except those of batches.

    Those of a process that has ended or died are due at once.

    Args:
        connection: A transaction that writes.
        at: The present moment.
        until: When others may take them again.
        process_id: The process that claims them.
        no_later_than: What is due after this was written by a clock that was ahead, and is due now.
        limit: How many are taken at most.
    """
    next_try_at, holder = col(RemoteImageRow.next_try_at), col(RemoteImageRow.process_id)
    is_due = (
        or_(
            next_try_at <= at,
            next_try_at > no_later_than,
            and_(holder.is_not(None), ~is_alive(holder)),
        ),
        col(RemoteImageRow.batch_id).is_(None),
    )
    due = select(_IMAGE_ID).where(*is_due).order_by(next_try_at).limit(limit)
    claim = (
        update(RemoteImageRow)
        .where(_IMAGE_ID.in_(due), *is_due)
        .values(next_try_at=until, process_id=process_id)
        .returning(_IMAGE_ID)
    )
    claimed = (await connection.execute(claim)).scalars().all()
    statement = select_records(RemoteImageRow, RemoteImageRecord).where(_IMAGE_ID.in_(claimed))
    return read_records(await connection.execute(statement), RemoteImageRecord)


async def forget_expired_images(connection: AsyncConnection, *, before: datetime) -> int:
    """Forget images of batches whose addresses expired before a moment; return how many.

    Nothing else forgets those of items that ended without an image.
    """
    expired = (col(RemoteImageRow.expires_at) < before, col(RemoteImageRow.batch_id).is_not(None))
    return (await connection.execute(delete(RemoteImageRow).where(*expired))).rowcount


async def forget_remote_images(connection: AsyncConnection, image_ids: Sequence[str]) -> None:
    """Forget where images were: they are stored here, or nowhere any more."""
    await connection.execute(delete(RemoteImageRow).where(_IMAGE_ID.in_(image_ids)))
