"""Statements about uploaded pictures; a deleted one is not found."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import (
    Facts,
    Page,
    PageRequest,
    page_statement,
    read_facts,
    read_page,
)
from gql_server.database.queries.idempotency_keys import KeyScope, complete_key
from gql_server.database.tables.tables import SourceImageRow
from gql_server.domain.ids import has_prefix

SOURCE_IMAGE_COLUMNS: Final = frozenset(SourceImageRow.__table__.columns.keys()) - {"deleted_at"}  # type: ignore[attr-defined]  # SQLModel does not type __table__
"""Every column that a reader can ask for."""


async def insert_source_image(connection: AsyncConnection, image: SourceImageRow) -> None:
    """Write an uploaded picture."""
    await connection.execute(insert(SourceImageRow), image.model_dump())


async def insert_source_image_once(
    database: Database, image: SourceImageRow, *, key: KeyScope | None = None
) -> Facts:
    """Write an uploaded picture, and complete its key; return the picture that is there."""
    try:
        async with database.write() as connection:
            if key is not None:
                await complete_key(connection, key, result_id=image.id)
            await insert_source_image(connection, image)
    except IntegrityError:
        async with database.write() as connection:
            found = await find_source_images(
                connection, [image.id], user_id=image.user_id, even_deleted=True
            )
            if image.id not in found:
                raise
            if key is not None:
                await complete_key(connection, key, result_id=image.id)
        return found[image.id]
    return image.model_dump()


async def source_image_page(
    connection: AsyncConnection,
    columns: Collection[str],
    request: PageRequest,
    *,
    user_id: str | None,
) -> Page:
    """Return one page of uploads with the columns that were asked for, and their page keys."""
    wanted = _select({*columns, "created_at", "id"}, user_id=user_id)
    statement = page_statement(
        wanted, col(SourceImageRow.created_at), col(SourceImageRow.id), request
    )
    return read_page(read_facts(await connection.execute(statement)), request)


async def count_source_images(connection: AsyncConnection, *, user_id: str | None) -> int:
    """Count a user's uploads; everyone's for None."""
    found = _select({"id"}, user_id=user_id).subquery()
    statement = select(func.count(found.c.id))
    return int((await connection.execute(statement)).scalar_one())


async def uploaded_by(connection: AsyncConnection, user_id: str) -> tuple[int, int]:
    """Return how many uploads a user has, and how many bytes they take."""
    sizes = _select({"size_bytes"}, user_id=user_id).subquery()
    statement = select(func.count(), func.coalesce(func.sum(sizes.c.size_bytes), 0))
    number, size = (await connection.execute(statement)).one()
    return int(number), int(size)


async def mark_source_image_deleted(
    connection: AsyncConnection, image_id: str, *, at: datetime
) -> None:
    """Take an upload out of everything that finds uploads."""
    statement = (
        update(SourceImageRow).where(col(SourceImageRow.id) == image_id).values(deleted_at=at)
    )
    await connection.execute(statement)


async def find_source_images(
    connection: AsyncConnection,
    ids: Collection[str],
    *,
    user_id: str | None,
    even_deleted: bool = False,
) -> dict[str, Facts]:
    """Return uploads by id; an id that is not there is left out.

    Those that were deleted are found ``even_deleted``, and then have their ``deleted_at``.
    """
    shaped = [image_id for image_id in ids if has_prefix(image_id, "src")]
    columns = {*SOURCE_IMAGE_COLUMNS, *(("deleted_at",) if even_deleted else ())}
    statement = _select(columns, user_id=user_id, even_deleted=even_deleted).where(
        col(SourceImageRow.id).in_(shaped)
    )
    return {row["id"]: row for row in read_facts(await connection.execute(statement))}


def _select(
    columns: Collection[str], *, user_id: str | None, even_deleted: bool = False
) -> Select[Any]:
    statement = select(*(getattr(SourceImageRow, name) for name in sorted(columns)))
    if not even_deleted:
        statement = statement.where(col(SourceImageRow.deleted_at).is_(None))
    if user_id is not None:
        statement = statement.where(col(SourceImageRow.user_id) == user_id)
    return statement
