"""Statements that read and change images and their tags."""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, cast

from cachetools import LRUCache
from sqlalchemy import Result, Select, func, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.columns import columns_of
from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import (
    Bind,
    Page,
    PageRequest,
    RawPage,
    as_parameter,
    as_value,
    page_parameters,
    page_statement,
    read_columns,
    read_page,
    read_raw_page,
)
from gql_server.database.engine.raw_reads import RawRead, compiled
from gql_server.database.engine.records import with_ids
from gql_server.database.queries.image_tags import delete_tags, insert_tags, tag_conditions
from gql_server.database.records.images import ImageChanges, PartialImage
from gql_server.database.tables.tables import ImageRow, ImageTagRow
from gql_server.domain.search import folded_words

IMAGE_COLUMNS: Final = frozenset(PartialImage.__required_keys__ | PartialImage.__optional_keys__)
"""Every column that can be chosen."""


class Deleted(StrEnum):
    """Whether deleted images are in a list."""

    EXCLUDE = "exclude"
    INCLUDE = "include"
    ONLY = "only"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFilter:
    """Which images are wanted; what is None does not narrow.

    Attributes:
        user_id: Their owner.
        model_ids: Made by one of these models.
        template_ids: Made with one of these templates.
        batch_ids: Made in one of these batches.
        tags: Bearing all of these tags.
        created_since: Made at this moment or later.
        created_before: Made before this moment.
        search: Words, or parts of words, that are all in the prompt, whatever their case.
        is_preview: Made by the preview generator, or by a model.
        deleted: Whether deleted ones count.
    """

    user_id: str | None = None
    model_ids: tuple[str, ...] | None = None
    template_ids: tuple[str, ...] | None = None
    batch_ids: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()
    created_since: datetime | None = None
    created_before: datetime | None = None
    search: str | None = None
    is_preview: bool | None = None
    deleted: Deleted = Deleted.EXCLUDE

    def of_template(self, template_id: str) -> "ImageFilter":
        """Narrow to the images of one template."""
        is_included = self.template_ids is None or template_id in self.template_ids
        return replace(self, template_ids=(template_id,) if is_included else ())

    def of_batch(self, batch_id: str) -> "ImageFilter":
        """Narrow to the images of one batch."""
        is_included = self.batch_ids is None or batch_id in self.batch_ids
        return replace(self, batch_ids=(batch_id,) if is_included else ())


async def image_page(
    connection: AsyncConnection,
    columns: Collection[str],
    where: ImageFilter,
    request: PageRequest,
) -> Page[PartialImage]:
    """Return one page of images with the columns that were asked for, and their page keys."""
    chosen = frozenset(columns)
    if where.tags or where.search:
        statement, parameters = _page_statement(chosen, where, request), {}
    else:
        parameters = {**_parameters(where), **page_parameters(request)}
        key = (chosen, tuple(parameters), where.deleted, request.from_end, request.order)
        found = _PAGE_STATEMENTS.get(key)
        if found is None:
            found = _page_statement(chosen, where, request, as_parameter)
            _PAGE_STATEMENTS[key] = found
        statement = found
    return read_page(_images(await connection.execute(statement, parameters)), request)


async def raw_image_page(
    database: Database, columns: Sequence[str], where: ImageFilter, request: PageRequest
) -> RawPage:
    """Return one page of images as the driver has it: the columns, in this order."""
    values = {**_parameters(where), **page_parameters(request)}
    has_own_text = where.tags or where.search or any(isinstance(v, tuple) for v in values.values())
    key = (
        database.is_sqlite,
        tuple(columns),
        tuple(values),
        where.deleted,
        request.from_end,
        request.order,
    )
    read = None if has_own_text else _RAW_PAGES.get(key)
    if read is None:
        statement = _narrowed(_columns(columns), where, request, as_parameter)
        read = compiled(statement, database.dialect, values)
        if not has_own_text:
            _RAW_PAGES[key] = read
    return read_raw_page(await database.rows(read, values), request)


async def image_pages_by_template(
    connection: AsyncConnection,
    template_ids: Sequence[str],
    columns: Collection[str],
    where: ImageFilter,
    request: PageRequest,
) -> dict[str, Page[PartialImage]]:
    """Return the same page of each template's images, in one statement."""
    columns = {*columns, "template_id"}
    each = [
        _page_statement(columns, where.of_template(template_id), request)
        for template_id in template_ids
    ]
    statement = union_all(*(select(one.subquery()) for one in each))
    rows: dict[str | None, list[PartialImage]] = {template_id: [] for template_id in template_ids}
    for row in _images(await connection.execute(statement)):
        rows[row["template_id"]].append(row)
    return {template_id: read_page(rows[template_id], request) for template_id in template_ids}


async def count_images(connection: AsyncConnection, where: ImageFilter) -> int:
    """Count the images of a list."""
    # Of a column: count(*) of a whole table is one step of SQLite, which nothing can interrupt.
    statement = select(func.count(col(ImageRow.id))).where(*_conditions(where))
    return int((await connection.execute(statement)).scalar_one())


async def find_images(
    connection: AsyncConnection,
    ids: Collection[str],
    *,
    user_id: str | None,
    columns: Collection[str] = IMAGE_COLUMNS,
    for_update: bool = False,
) -> dict[str, PartialImage]:
    """Return images by ID, deleted ones too. IDs without an image are left out.

    ``for_update`` locks them until the transaction ends.
    """
    statement = with_ids(
        _select({*columns, "created_at", "id"}),
        ImageRow,
        ids,
        prefix="img",
        user_id=user_id,
        for_update=for_update,
    )
    return {row["id"]: row for row in _images(await connection.execute(statement))}


async def update_image(
    connection: AsyncConnection, image_id: str, *, user_id: str, values: ImageChanges
) -> bool:
    """Change columns of an image; return whether the user has it."""
    statement = (
        update(ImageRow)
        .where(col(ImageRow.id) == image_id, col(ImageRow.user_id) == user_id)
        .values(**values)
    )
    found = (await connection.execute(statement)).rowcount == 1
    if found and "tags" in values:
        await delete_tags(connection, image_id)
        await insert_tags(connection, {image_id: values["tags"]})
    return found


def _images(result: Result[Any]) -> list[PartialImage]:
    return cast("list[PartialImage]", read_columns(result))


def _page_statement(
    columns: Collection[str],
    where: ImageFilter,
    request: PageRequest,
    bind: Bind = as_value,
) -> Select[Any]:
    return _narrowed(_select({*columns, "created_at", "id"}), where, request, bind)


def _narrowed(
    chosen: Select[Any], where: ImageFilter, request: PageRequest, bind: Bind
) -> Select[Any]:
    wanted = chosen.where(*_conditions(where, bind))
    if where.tags:
        # The index that finds the tag then has its images in the list's order.
        created_at, image_id = col(ImageTagRow.created_at), col(ImageTagRow.image_id)
    else:
        created_at, image_id = col(ImageRow.created_at), col(ImageRow.id)
    return page_statement(wanted, created_at, image_id, request, bind)


def _select(columns: Collection[str]) -> Select[Any]:
    return _columns(sorted(columns))


def _columns(columns: Sequence[str]) -> Select[Any]:
    return select(*columns_of(ImageRow, columns))


def _parameters(where: ImageFilter) -> dict[str, Any]:
    return {name: value for name, *_ in _COMPARISONS if (value := getattr(where, name)) is not None}


def _conditions(where: ImageFilter, bind: Bind = as_value) -> list[ColumnElement[bool]]:
    found = [
        condition(bind(name, value, column.type))
        for name, column, condition in _COMPARISONS
        if (value := getattr(where, name)) is not None
    ]
    found.extend(tag_conditions(where.tags, user_id=where.user_id))
    found.extend(
        col(ImageRow.search_text).contains(word, autoescape=True)
        for word in folded_words(where.search or "")
    )
    if where.deleted is not Deleted.INCLUDE:
        kept = col(ImageRow.deleted_at).is_(None)
        found.append(kept if where.deleted is Deleted.EXCLUDE else ~kept)
    return found


_COMPARISONS: Final[Sequence[tuple[str, Any, Callable[[Any], ColumnElement[bool]]]]] = (
    ("user_id", col(ImageRow.user_id), col(ImageRow.user_id).__eq__),
    ("model_ids", col(ImageRow.model_id), col(ImageRow.model_id).in_),
    ("template_ids", col(ImageRow.template_id), col(ImageRow.template_id).in_),
    ("batch_ids", col(ImageRow.batch_id), col(ImageRow.batch_id).in_),
    ("created_since", col(ImageRow.created_at), col(ImageRow.created_at).__ge__),
    ("created_before", col(ImageRow.created_at), col(ImageRow.created_at).__lt__),
    ("is_preview", col(ImageRow.is_preview), col(ImageRow.is_preview).__eq__),
)
"""What narrows by one value: its name in the filter, the column, and how the two compare."""

_PAGE_STATEMENTS: Final[LRUCache[Hashable, Select[Any]]] = LRUCache(maxsize=256)
"""Statements for pages by their shape: SQLAlchemy takes longer to build one than to run it."""

_RAW_PAGES: Final[LRUCache[Hashable, RawRead]] = LRUCache(maxsize=256)
"""The same as text, for the driver's own cursor."""
