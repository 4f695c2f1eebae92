"""Statements about uploaded images. Deleted ones are not found."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import Page, PageRequest, page_statement, read_page
from gql_server.database.engine.present import present
from gql_server.database.engine.records import (
    read_records,
    record_of,
    records_by_id,
    select_records,
)
from gql_server.database.queries.idempotency_keys import KeyScope, complete_key
from gql_server.database.records.source_images import SourceImageRecord
from gql_server.database.tables.images import SourceImageRow


async def insert_source_image(connection: AsyncConnection, image: SourceImageRow) -> None:
    """Write an uploaded image."""
    await connection.execute(insert(SourceImageRow), image.model_dump())


async def insert_source_image_once(
    database: Database, image: SourceImageRow, *, key: KeyScope | None = None
) -> SourceImageRecord:
    """Write an uploaded image once and complete its key; return the stored image."""
    try:
        async with database.write() as connection:
            if key is not None:
                await complete_key(connection, key, result_id=image.id)
            await insert_source_image(connection, image)
    except IntegrityError:
        async with database.write() as connection:
            found = await find_source_images(
                connection, [image.id], user_id=image.user_id, include_deleted=True
            )
            if image.id not in found:
                raise
            if key is not None:
                await complete_key(connection, key, result_id=image.id)
        return found[image.id]
    return record_of(image, SourceImageRecord)


async def source_image_page(
    connection: AsyncConnection, request: PageRequest, *, user_id: str | None
) -> Page[SourceImageRecord]:
    """Return one page of uploads."""
    statement = page_statement(
        _existing(select_records(SourceImageRow, SourceImageRecord), user_id),
        col(SourceImageRow.created_at),
        col(SourceImageRow.id),
        request,
    )
    rows = read_records(await connection.execute(statement), SourceImageRecord)
    return read_page(rows, request)


async def count_source_images(connection: AsyncConnection, *, user_id: str | None) -> int:
    """Count the uploads of a user or, for None, of everyone."""
    statement = _existing(select(func.count(col(SourceImageRow.id))), user_id)
    return int((await connection.execute(statement)).scalar_one())


async def uploaded_by(connection: AsyncConnection, user_id: str) -> tuple[int, int]:
    """Return how many uploads a user has, and their total size in bytes."""
    size = func.coalesce(func.sum(col(SourceImageRow.size_bytes)), 0)
    statement = _existing(select(func.count(col(SourceImageRow.id))), user_id).add_columns(size)
    number, total = (await connection.execute(statement)).one()
    return int(number), int(total)


async def mark_source_image_deleted(
    connection: AsyncConnection, image_id: str, *, at: datetime
) -> None:
    """Mark an upload as deleted, so that nothing finds it and its file is erased."""
    statement = (
        update(SourceImageRow)
        .where(col(SourceImageRow.id) == image_id)
        .values(deleted_at=at, file_due_at=present(connection.dialect.name))
    )
    await connection.execute(statement)


async def find_source_images(
    connection: AsyncConnection,
    ids: Collection[str],
    *,
    user_id: str | None,
    include_deleted: bool = False,
) -> dict[str, SourceImageRecord]:
    """Return uploads by ID. IDs without an upload are left out."""
    return await records_by_id(
        connection,
        SourceImageRow,
        SourceImageRecord,
        ids,
        prefix="src",
        user_id=user_id,
        where=() if include_deleted else (col(SourceImageRow.deleted_at).is_(None),),
    )


def _existing(statement: Select[Any], user_id: str | None) -> Select[Any]:
    statement = statement.where(col(SourceImageRow.deleted_at).is_(None))
    if user_id is not None:
        statement = statement.where(col(SourceImageRow.user_id) == user_id)
    return statement
