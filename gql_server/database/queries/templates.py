"""Statements about templates; a deleted one is not found."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.pages import (
    Facts,
    Page,
    PageRequest,
    page_statement,
    read_facts,
    read_page,
)
from gql_server.database.tables.tables import TemplateRow
from gql_server.domain.ids import has_prefix

TEMPLATE_COLUMNS = frozenset(TemplateRow.__table__.columns.keys()) - {"deleted_at"}  # type: ignore[attr-defined]  # SQLModel does not type __table__
"""Every column that a reader can ask for."""


async def insert_template(connection: AsyncConnection, template: TemplateRow) -> None:
    """Write a new template."""
    await connection.execute(insert(TemplateRow), template.model_dump())


async def template_page(
    connection: AsyncConnection,
    columns: Collection[str],
    request: PageRequest,
    *,
    user_id: str | None,
) -> Page:
    """Return one page of templates with the columns that were asked for, and their page keys."""
    wanted = _select({*columns, "created_at", "id"}, user_id=user_id)
    statement = page_statement(wanted, col(TemplateRow.created_at), col(TemplateRow.id), request)
    return read_page(read_facts(await connection.execute(statement)), request)


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
) -> dict[str, Facts]:
    """Return templates by id; an id that is not there, or deleted, is left out.

    With ``for_update`` nobody else changes them until the transaction ends.
    """
    shaped = [template_id for template_id in ids if has_prefix(template_id, "tpl")]
    statement = _select({*columns, "id"}, user_id=user_id).where(col(TemplateRow.id).in_(shaped))
    if for_update:
        statement = statement.with_for_update()
    return {row["id"]: row for row in read_facts(await connection.execute(statement))}


async def update_template(
    connection: AsyncConnection, template_id: str, *, user_id: str | None, values: dict[str, Any]
) -> bool:
    """Change columns of a template; tell whether the user, or anybody for None, has it."""
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


def _select(columns: Collection[str], *, user_id: str | None) -> Select[Any]:
    statement = select(*(getattr(TemplateRow, name) for name in sorted(columns)))
    statement = statement.where(col(TemplateRow.deleted_at).is_(None))
    if user_id is not None:
        statement = statement.where(col(TemplateRow.user_id) == user_id)
    return statement
