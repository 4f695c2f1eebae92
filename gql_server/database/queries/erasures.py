"""Statements about erasures."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.records import read_records, records_by_id, select_records
from gql_server.database.records.erasures import ErasureRecord
from gql_server.database.tables.erasures import ErasureRow
from gql_server.domain.erasures import ErasureKind


async def insert_erasure(connection: AsyncConnection, erasure: ErasureRow) -> None:
    """Write an accepted erasure."""
    await connection.execute(insert(ErasureRow), erasure.model_dump())


async def find_erasures(
    connection: AsyncConnection, ids: Collection[str], *, user_id: str | None
) -> dict[str, ErasureRecord]:
    """Return erasures by ID. IDs without an erasure are left out."""
    return await records_by_id(
        connection, ErasureRow, ErasureRecord, ids, prefix="ers", user_id=user_id
    )


async def unfinished_erasures(
    connection: AsyncConnection, kind: ErasureKind, *, limit: int
) -> list[ErasureRecord]:
    """Return erasures that have not ended, oldest first."""
    statement = (
        select_records(ErasureRow, ErasureRecord)
        .where(col(ErasureRow.finished_at).is_(None), col(ErasureRow.kind) == kind)
        .order_by(col(ErasureRow.created_at))
        .limit(limit)
    )
    return read_records(await connection.execute(statement), ErasureRecord)


async def unfinished_erasure_of(connection: AsyncConnection, user_id: str) -> str | None:
    """Return the ID of the erasure of a user that has not ended, if there is one."""
    statement = select(col(ErasureRow.id)).where(
        col(ErasureRow.user_id) == user_id,
        col(ErasureRow.kind) == ErasureKind.USER,
        col(ErasureRow.finished_at).is_(None),
    )
    return (await connection.execute(statement.limit(1))).scalar_one_or_none()


async def count_purged(connection: AsyncConnection, erasure_id: str, number: int) -> None:
    """Count images that an erasure has purged."""
    statement = update(ErasureRow).where(col(ErasureRow.id) == erasure_id)
    await connection.execute(statement.values(purged=col(ErasureRow.purged) + number))


async def finish_erasure(connection: AsyncConnection, erasure_id: str, *, at: datetime) -> bool:
    """Record that an erasure has ended, and forget its filter; return whether it had not."""
    statement = update(ErasureRow).where(
        col(ErasureRow.id) == erasure_id, col(ErasureRow.finished_at).is_(None)
    )
    changed = await connection.execute(statement.values(finished_at=at, images=None))
    return changed.rowcount == 1
