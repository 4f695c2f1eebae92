"""Rows to write in tests, and a count of the statements that a piece of work takes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event, text

from gql_server.database.engine.columns import columns_of
from gql_server.database.engine.engine import Database
from gql_server.database.queries.image_inserts import insert_images
from gql_server.database.queries.templates import insert_template
from gql_server.database.tables.images import ImageRow
from gql_server.database.tables.ledger import ChargeKind, ChargeRow
from gql_server.database.tables.templates import TemplateRow
from gql_server.domain.ids import new_id
from gql_server.domain.search import folded

START = datetime(2026, 1, 1, tzinfo=UTC)


def image_row(**changes: Any) -> ImageRow:
    image_id = changes.pop("id", None) or new_id("img")
    columns: dict[str, Any] = {
        "id": image_id,
        "user_id": "ann",
        "prompt": "A red fox",
        "rendered_prompt": "A red fox",
        "model_id": "@cf/black-forest-labs/flux-1-schnell",
        "template_id": None,
        "parameters": {"steps": 4, "seed": 7},
        "storage_key": f"generated/{image_id}.png",
        "width": 64,
        "height": 32,
        "content_type": "image/png",
        "size_bytes": 100,
        "placeholder": "AAAA",
        "tags": [],
        "attributes": None,
        "cost": 10_000_000,
        "provider_cost": 633_600,
        "neurons": 57_600,
        "seconds": 1.5,
        "is_preview": False,
        "created_at": START,
    } | changes
    return ImageRow(search_text=folded(columns["prompt"]), **columns)


def charge_row(image: ImageRow, **changes: Any) -> ChargeRow:
    columns: dict[str, Any] = {
        "id": new_id("chg"),
        "kind": ChargeKind.CHARGE,
        "image_id": image.id,
        "user_id": image.user_id,
        "model_id": image.model_id,
        "template_id": image.template_id,
        "amount": image.cost,
        "provider_cost": image.provider_cost,
        "neurons": image.neurons,
        "is_preview": image.is_preview,
        "created_at": image.created_at,
    } | changes
    return ChargeRow(**columns)


async def add_image(database: Database, **changes: Any) -> ImageRow:
    image = image_row(**changes)
    async with database.write() as connection:
        await insert_images(connection, [(image, charge_row(image))])
    return image


async def add_images(database: Database, count: int, **changes: Any) -> list[str]:
    """Write images a second apart; return their ids, the oldest first."""
    ids = []
    async with database.write() as connection:
        for number in range(count):
            image = image_row(**{"created_at": START + timedelta(seconds=number)} | changes)
            await insert_images(connection, [(image, charge_row(image))])
            ids.append(image.id)
    return ids


async def add_template(database: Database, **changes: Any) -> TemplateRow:
    columns: dict[str, Any] = {
        "id": new_id("tpl"),
        "user_id": "ann",
        "name": "Product",
        "description": None,
        "model_id": "@cf/black-forest-labs/flux-1-schnell",
        "default_prompt": "studio lighting",
        "parameters": {"steps": 8},
        "created_at": START,
        "updated_at": START,
    } | changes
    template = TemplateRow(**columns)
    async with database.write() as connection:
        await insert_template(connection, template)
    return template


@contextmanager
def counted_statements(database: Database, *, of: set[str] | None = None) -> Iterator[list[str]]:
    """Collect the statements that were run, without BEGIN and its like.

    `of` takes only those that name one of these tables: what a running product does by itself (it
    beats, it settles) may happen at any moment.
    """
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.split(maxsplit=1)[0] not in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
            return
        if of is None or not of.isdisjoint(re.findall(r"\w+", statement)):
            statements.append(statement)

    for engine in database.sync_engines:
        event.listen(engine, "after_cursor_execute", note)
    database.hear_raw_read = lambda statement: note(None, None, statement)
    try:
        yield statements
    finally:
        database.hear_raw_read = None
        for engine in database.sync_engines:
            event.remove(engine, "after_cursor_execute", note)


async def add_many_images(database: Database, first: int, count: int) -> None:
    """Add images to SQLite by the thousand: numbered, of five bytes, and one more to copy."""
    model = await add_image(database, size_bytes=5, storage_key=f"elsewhere/{first}.png")
    values = {"id": "printf('img_%09d', n)", "storage_key": "printf('generated/img_%09d.png', n)"}
    names = [column.name for column in columns_of(ImageRow)]
    statement = text(
        f"WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers "
        f"WHERE n + 1 < {first + count}) INSERT INTO images ({', '.join(names)}) "
        f"SELECT {', '.join(values.get(name, name) for name in names)} FROM numbers, images "
        "WHERE id = :model"
    )
    async with database.write() as connection:
        await connection.execute(statement, {"model": model.id})
