"""Statements about the tags of images."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import String, bindparam, delete, exists, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.tables.images import ImageRow, ImageTagRow


async def insert_tags(connection: AsyncConnection, tags: Mapping[str, Sequence[str]]) -> None:
    """Write tags of existing images, by the images' IDs."""
    rows = [{"tagged_id": image_id, "new_tag": tag} for image_id in tags for tag in tags[image_id]]
    if rows:
        await connection.execute(_INSERT_TAG, rows)


async def delete_tags(connection: AsyncConnection, image_id: str) -> None:
    """Delete all tags of an image."""
    await connection.execute(delete(ImageTagRow).where(col(ImageTagRow.image_id) == image_id))


async def count_tags(
    connection: AsyncConnection, *, user_id: str | None, after: str, limit: int
) -> list[tuple[str, int]]:
    """Return tags in the order of their characters, with their numbers of images.

    Deleted images do not count.

    Args:
        connection: Where to read.
        user_id: The images' owner; None means any.
        after: Only tags after this one.
        limit: How many to return at most.
    """
    tag = col(ImageTagRow.tag)
    statement = (
        select(tag, func.count(col(ImageTagRow.image_id)))
        .join(ImageRow, col(ImageRow.id) == col(ImageTagRow.image_id))
        .where(tag > after, col(ImageRow.deleted_at).is_(None))
        .group_by(tag)
        .order_by(tag)
        .limit(limit)
    )
    if user_id is not None:
        statement = statement.where(col(ImageTagRow.user_id) == user_id)
    return [(name, count) for name, count in await connection.execute(statement)]


def tag_conditions(tags: Sequence[str], *, user_id: str | None) -> Iterator[ColumnElement[bool]]:
    """Yield conditions that join images with the first of these tags and require the others.

    Args:
        tags: The tags.
        user_id: The images' owner; None means any.
    """
    for tag in tags[:1]:
        yield col(ImageTagRow.image_id) == ImageRow.id
        yield col(ImageTagRow.tag) == tag
        if user_id is not None:
            yield col(ImageTagRow.user_id) == user_id
    for tag in tags[1:]:
        other = aliased(ImageTagRow)
        yield exists().where(col(other.image_id) == ImageRow.id, col(other.tag) == tag)


_INSERT_TAG: Final = insert(ImageTagRow).from_select(
    ["image_id", "tag", "user_id", "created_at"],
    select(
        col(ImageRow.id),
        bindparam("new_tag", type_=String()),
        col(ImageRow.user_id),
        col(ImageRow.created_at),
    ).where(col(ImageRow.id) == bindparam("tagged_id")),
)
