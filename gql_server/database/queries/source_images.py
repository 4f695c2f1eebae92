"""Statements about uploaded pictures."""

from collections.abc import Collection

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import Facts, read_facts
from gql_server.database.queries.idempotency_keys import KeyScope, complete_key
from gql_server.database.tables.tables import SourceImageRow
from gql_server.domain.ids import has_prefix


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
            found = await find_source_images(connection, [image.id], user_id=image.user_id)
            if image.id not in found:
                raise
            if key is not None:
                await complete_key(connection, key, result_id=image.id)
        return found[image.id]
    return image.model_dump()


async def count_source_images(connection: AsyncConnection, user_id: str) -> tuple[int, int]:
    """Return how many uploads a user has, and how many bytes they take."""
    statement = select(
        func.count(), func.coalesce(func.sum(col(SourceImageRow.size_bytes)), 0)
    ).where(col(SourceImageRow.user_id) == user_id)
    number, size = (await connection.execute(statement)).one()
    return int(number), int(size)


async def remove_source_image(connection: AsyncConnection, image_id: str) -> None:
    """Remove an upload's row."""
    await connection.execute(delete(SourceImageRow).where(col(SourceImageRow.id) == image_id))


async def find_source_images(
    connection: AsyncConnection, ids: Collection[str], *, user_id: str | None
) -> dict[str, Facts]:
    """Return uploads by id; an id that is not there is left out."""
    shaped = [image_id for image_id in ids if has_prefix(image_id, "src")]
    table = SourceImageRow.__table__  # type: ignore[attr-defined]  # SQLModel does not type it
    statement = select(*table.columns).where(col(SourceImageRow.id).in_(shaped))
    if user_id is not None:
        statement = statement.where(col(SourceImageRow.user_id) == user_id)
    return {row["id"]: row for row in read_facts(await connection.execute(statement))}
