"""Statements about templates. Deleted ones are not found."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any, Final, cast

from sqlalchemy import Result, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.columns import columns_of
from gql_server.database.engine.pages import (
    Page,
    PageRequest,
    page_statement,
    read_columns,
    read_page,
)
from gql_server.database.engine.records import id_values, with_ids
from gql_server.database.records.templates import (
    PartialTemplate,
    TemplateChanges,
    TemplateDeletion,
)
from gql_server.database.tables.templates import TemplateRow
from gql_server.domain.ids import has_prefix

TEMPLATE_COLUMNS: Final = frozenset(
    PartialTemplate.__required_keys__ | PartialTemplate.__optional_keys__
)
"""Every column that can be chosen."""


async def insert_template(connection: AsyncConnection, template: TemplateRow) -> None:
    """Write a new template."""
    await connection.execute(insert(TemplateRow), template.model_dump())


async def template_page(
    connection: AsyncConnection,
    columns: Collection[str],
    request: PageRequest,
    *,
    user_id: str | None,
) -> Page[PartialTemplate]:
    """Return one page of templates with the chosen columns and their page keys."""
    chosen = _select({*columns, "created_at", "id"}, user_id=user_id)
    statement = page_statement(chosen, col(TemplateRow.created_at), col(TemplateRow.id), request)
    return read_page(_templates(await connection.execute(statement)), request)


async def count_templates(connection: AsyncConnection, *, user_id: str | None) -> int:
    """Count a user's templates."""
    found = _select({"id"}, user_id=user_id).subquery()
    statement = select(func.count(found.c.id))
    return int((await connection.execute(statement)).scalar_one())


async def find_templates(
    connection: AsyncConnection,
    ids: Collection[str],
    *,
    user_id: str | None,
    columns: Collection[str] = TEMPLATE_COLUMNS,
    for_update: bool = False,
) -> dict[str, PartialTemplate]:
    """Return templates by ID. Missing and deleted ones are left out.

    ``for_update`` locks them until the transaction ends.
    """
    statement = _select_by_id(
        frozenset(columns), is_owned=user_id is not None, for_update=for_update
    )
    values = id_values(ids, prefix="tpl", user_id=user_id)
    return {row["id"]: row for row in _templates(await connection.execute(statement, values))}


@lru_cache
def _select_by_id(columns: frozenset[str], *, is_owned: bool, for_update: bool) -> Select[Any]:
    statement = _select({*columns, "created_at", "id"}, user_id=None)
    return with_ids(statement, TemplateRow, is_owned=is_owned, for_update=for_update)


async def update_template(
    connection: AsyncConnection,
    template_id: str,
    *,
    user_id: str | None,
    values: TemplateChanges | TemplateDeletion,
) -> bool:
    """Change columns of a template; return whether the user, or for None anybody, has it."""
    if not has_prefix(template_id, "tpl"):
        return False
    statement = (
        update(TemplateRow)
        .where(col(TemplateRow.id) == template_id, col(TemplateRow.deleted_at).is_(None))
        .values(**values)
    )
    if user_id is not None:
        statement = statement.where(col(TemplateRow.user_id) == user_id)
    return (await connection.execute(statement)).rowcount == 1


def _templates(result: Result[Any]) -> list[PartialTemplate]:
    return cast("list[PartialTemplate]", read_columns(result))


def _select(columns: Collection[str], *, user_id: str | None) -> Select[Any]:
    statement = select(*columns_of(TemplateRow, sorted(columns)))
    statement = statement.where(col(TemplateRow.deleted_at).is_(None))
    if user_id is not None:
        statement = statement.where(col(TemplateRow.user_id) == user_id)
    return statement
