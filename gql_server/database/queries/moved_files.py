"""Statements about files that were moved while a backup copied them."""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.present import present
from gql_server.database.tables.images import ImageRow


class Movable(NamedTuple):
    """An image whose file may be under its key or under a hidden one."""

    id: str
    storage_key: str
    is_deleted: bool
    withheld_key: str | None


async def movable_images(
    connection: AsyncConnection, storage_keys: Collection[str]
) -> list[Movable]:
    """Return the images with these keys that are not purged."""
    statement = select(
        col(ImageRow.id),
        col(ImageRow.storage_key),
        col(ImageRow.deleted_at).is_not(None),
        col(ImageRow.withheld_key),
    ).where(col(ImageRow.storage_key).in_(storage_keys), col(ImageRow.purged_at).is_(None))
    return [Movable._make(row) for row in await connection.execute(statement)]


async def set_withheld_keys(connection: AsyncConnection, hidden: Mapping[str, str]) -> None:
    """Write hidden keys by the IDs of their images."""
    if hidden:
        rows = [{"row_id": row_id, "hidden": key} for row_id, key in hidden.items()]
        await connection.execute(_SET_HIDDEN, rows)


async def make_files_due(connection: AsyncConnection, storage_keys: Collection[str]) -> None:
    """Have files moved or erased that are under their keys, though their images are deleted."""
    await connection.execute(
        update(ImageRow)
        .where(
            col(ImageRow.storage_key).in_(storage_keys),
            or_(col(ImageRow.deleted_at).is_not(None), col(ImageRow.purged_at).is_not(None)),
        )
        .values(file_due_at=present(connection.dialect.name))
    )


_SET_HIDDEN: Final = (
    update(ImageRow)
    .where(col(ImageRow.id) == bindparam("row_id"))
    .values(withheld_key=bindparam("hidden"))
)
