"""Statements about images, their tags and their charges."""

import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, exists, func, insert, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.pages import (
    Facts,
    Page,
    PageRequest,
    page_statement,
    read_facts,
    read_page,
)
from gql_server.database.tables import ChargeRow, ImageRow, ImageTagRow
from gql_server.domain.ids import has_prefix

IMAGE_COLUMNS = frozenset(ImageRow.__table__.columns.keys()) - {"search_text"}  # type: ignore[attr-defined]  # SQLModel does not type __table__
"""Every column that a reader can ask for."""


class Deleted(StrEnum):
    """Whether deleted images are in a list."""

    EXCLUDE = "exclude"
    INCLUDE = "include"
    ONLY = "only"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFilter:
    """Which images are wanted; what is None or empty does not narrow.

    Attributes:
        user_id: Their owner.
        model_ids: Made by one of these models.
        template_ids: Made with one of these templates.
        tags: Bearing all of these tags.
        created_since: Made at this moment or later.
        created_before: Made before this moment.
        search: Words that all stand in the prompt, whatever their case.
        is_preview: Made by the preview generator, or by a model.
        deleted: Whether deleted ones count.
    """

    user_id: str | None = None
    model_ids: Sequence[str] | None = None
    template_ids: Sequence[str] | None = None
    tags: Sequence[str] = ()
    created_since: datetime | None = None
    created_before: datetime | None = None
    search: str | None = None
    is_preview: bool | None = None
    deleted: Deleted = Deleted.EXCLUDE

    def of_template(self, template_id: str) -> "ImageFilter":
        """Narrow to the images of one template."""
        return replace(self, template_ids=[template_id])


def search_form(text: str) -> str:
    """Fold case and form, so that a search means the same on every database."""
    return unicodedata.normalize("NFKC", text).casefold()


async def insert_image(connection: AsyncConnection, image: ImageRow, charge: ChargeRow) -> None:
    """Write an image, its tags and its charge."""
    await connection.execute(insert(ImageRow), image.model_dump())
    if image.tags:
        await _insert_tags(connection, image.id, image.tags)
    await connection.execute(insert(ChargeRow), charge.model_dump())


async def image_page(
    connection: AsyncConnection,
    columns: Collection[str],
    where: ImageFilter,
    request: PageRequest,
) -> Page:
    """Return one page of images with the columns that were asked for, and their page keys."""
    statement = _page_statement(columns, where, request)
    return read_page(read_facts(await connection.execute(statement)), request)


async def image_pages_by_template(
    connection: AsyncConnection,
    template_ids: Sequence[str],
    columns: Collection[str],
    where: ImageFilter,
    request: PageRequest,
) -> dict[str, Page]:
    """Return the same page of each template's images, in one statement."""
    columns = {*columns, "template_id"}
    each = [
        _page_statement(columns, where.of_template(template_id), request)
        for template_id in template_ids
    ]
    statement = union_all(*(select(one.subquery()) for one in each))
    rows: dict[str, list[Facts]] = {template_id: [] for template_id in template_ids}
    for row in read_facts(await connection.execute(statement)):
        rows[row["template_id"]].append(row)
    return {template_id: read_page(found, request) for template_id, found in rows.items()}


async def count_images(connection: AsyncConnection, where: ImageFilter) -> int:
    """Count the images of a list."""
    statement = select(func.count()).select_from(ImageRow).where(*_conditions(where))
    return int((await connection.execute(statement)).scalar_one())


async def find_images(
    connection: AsyncConnection,
    ids: Collection[str],
    *,
    user_id: str | None,
    columns: Collection[str] = IMAGE_COLUMNS,
) -> dict[str, Facts]:
    """Return images by id, deleted ones too; an id that is not there is left out."""
    shaped = [image_id for image_id in ids if has_prefix(image_id, "img")]
    statement = _select({*columns, "id"}).where(col(ImageRow.id).in_(shaped))
    if user_id is not None:
        statement = statement.where(col(ImageRow.user_id) == user_id)
    return {row["id"]: row for row in read_facts(await connection.execute(statement))}


async def update_image(
    connection: AsyncConnection, image_id: str, *, user_id: str, values: dict[str, Any]
) -> bool:
    """Change columns of an image; tell whether the user has it."""
    statement = (
        update(ImageRow)
        .where(col(ImageRow.id) == image_id, col(ImageRow.user_id) == user_id)
        .values(**values)
    )
    found = (await connection.execute(statement)).rowcount == 1
    if found and "tags" in values:
        await connection.execute(delete(ImageTagRow).where(col(ImageTagRow.image_id) == image_id))
        if values["tags"]:
            await _insert_tags(connection, image_id, values["tags"])
    return found


async def _insert_tags(connection: AsyncConnection, image_id: str, tags: Sequence[str]) -> None:
    rows = [{"image_id": image_id, "tag": tag} for tag in tags]
    await connection.execute(insert(ImageTagRow), rows)


def _page_statement(
    columns: Collection[str], where: ImageFilter, request: PageRequest
) -> Select[Any]:
    wanted = _select({*columns, "created_at", "id"}).where(*_conditions(where))
    return page_statement(wanted, col(ImageRow.created_at), col(ImageRow.id), request)


def _select(columns: Collection[str]) -> Select[Any]:
    return select(*(getattr(ImageRow, name) for name in sorted(columns)))


def _conditions(where: ImageFilter) -> list[ColumnElement[bool]]:
    narrowing: list[tuple[object, Callable[[], ColumnElement[bool]]]] = [
        (where.user_id, lambda: col(ImageRow.user_id) == where.user_id),
        (where.model_ids, lambda: col(ImageRow.model_id).in_(where.model_ids or ())),
        (where.template_ids, lambda: col(ImageRow.template_id).in_(where.template_ids or ())),
        (where.created_since, lambda: col(ImageRow.created_at) >= where.created_since),
        (where.created_before, lambda: col(ImageRow.created_at) < where.created_before),
        (where.is_preview, lambda: col(ImageRow.is_preview) == where.is_preview),
    ]
    found = [condition() for value, condition in narrowing if value is not None]
    found.extend(
        exists().where(col(ImageTagRow.image_id) == ImageRow.id, col(ImageTagRow.tag) == tag)
        for tag in where.tags
    )
    found.extend(
        col(ImageRow.search_text).contains(word, autoescape=True)
        for word in search_form(where.search or "").split()
    )
    if where.deleted is not Deleted.INCLUDE:
        kept = col(ImageRow.deleted_at).is_(None)
        found.append(kept if where.deleted is Deleted.EXCLUDE else ~kept)
    return found
