import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL

from gql_server.database.engine.engine import Database
from gql_server.database.engine.migration import (
    DatabaseOutdated,
    check_current,
    head_revision,
    known_revisions,
    migrate,
)
from gql_server.database.engine.pages import PageRequest
from gql_server.database.engine.upgrade import alembic_config
from gql_server.database.queries.image_inserts import insert_images
from gql_server.database.queries.images import ImageFilter, image_page
from gql_server.database.tables.metadata import metadata
from gql_server.ledger.audit.audit import audit
from tests.database.rows import START, add_image, charge_row, image_row
from tests.support.postgres import PostgresServer
from tests.support.process import run_gql_server

pytestmark = pytest.mark.anyio


async def test_an_empty_database_is_brought_to_head(empty_database_url: URL) -> None:
    database = Database(empty_database_url)
    try:
        with pytest.raises(DatabaseOutdated, match="no tables of gql_server yet"):
            await check_current(database)
        assert await migrate(database) == head_revision()
        await check_current(database)
        assert await migrate(database) == head_revision()
    finally:
        await database.close()


async def test_loading_the_migrations_may_take_any_time(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []

    def look(connection: Connection) -> None:
        found.append(connection.scalar(text("SHOW idle_in_transaction_session_timeout")))

    monkeypatch.setattr("gql_server.database.engine.upgrade.upgrade", look)
    database = Database(postgres.url(postgres.create_database()))
    await migrate(database)
    await database.close()
    assert found == ["0"]


def test_the_files_are_named_by_their_revisions() -> None:
    newest_first = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    assert [one.revision for one in newest_first] == [*reversed(known_revisions())]


async def test_head_is_what_the_tables_say(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_unique_and_partial_indexes_are_there(database: Database) -> None:
    def charge_index(connection: Connection) -> dict[str, Any]:
        indexes = {index["name"]: index for index in inspect(connection).get_indexes("charges")}
        return dict(indexes["uq_charges_image"])

    async with database.read() as connection:
        index = await connection.run_sync(charge_index)
    assert index["unique"]
    assert any("kind" in str(where) for where in index["dialect_options"].values())


async def test_every_migration_can_be_undone(empty_database_url: URL) -> None:
    database = Database(empty_database_url)

    def undo(connection: Connection) -> list[str]:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        return inspect(connection).get_table_names()

    try:
        await migrate(database)
        async with database.write() as connection:
            assert await connection.run_sync(undo) == ["alembic_version"]
    finally:
        await database.close()


async def test_what_is_there_is_brought_to_head(database: Database) -> None:
    image = await add_image(database, tags=["fox", "snow"])
    await add_image(database, created_at=START + timedelta(days=3), cost=5)

    def undo_and_redo(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0006")
        command.upgrade(config, "head")

    async with database.write() as connection:
        await connection.run_sync(undo_and_redo)
    assert (await audit(database)).is_clean
    async with database.read() as connection:
        for tag in ("fox", "snow"):
            where = ImageFilter(user_id="ann", tags=(tag,))
            page = await image_page(connection, {"id"}, where, PageRequest())
            assert [row["id"] for row in page.rows] == [image.id]


async def test_texts_that_were_folded_otherwise_are_found(database: Database) -> None:
    """More of them than one step of the migration takes."""
    images = [await add_image(database, prompt=prompt) for prompt in ("İZMİR", "ΟΔΟΣ", "ᾼ͂")]
    many = [image_row(prompt=f"İZMİR {number}") for number in range(600)]

    def undo_and_redo(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0013")
        connection.execute(text("UPDATE images SET search_text = 'old'"))
        command.upgrade(config, "head")

    async with database.write() as connection:
        await insert_images(connection, [(image, charge_row(image)) for image in many])
        await connection.run_sync(undo_and_redo)
    for image, search in zip(images, ("izmir", "οδος", "ᾷ"), strict=True):
        async with database.read() as connection:
            where = ImageFilter(search=search)
            found = await image_page(connection, {"id"}, where, PageRequest(size=1000))
        assert image.id in {row["id"] for row in found.rows}
        assert len(found.rows) == (601 if search == "izmir" else 1)


async def test_two_processes_may_migrate_at_once(
    request: pytest.FixtureRequest, empty_database_url: URL, tmp_path: Path
) -> None:
    if empty_database_url.get_backend_name() == "sqlite":
        setting = f"sqlite:///{empty_database_url.database}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        setting = server.setting(empty_database_url.database or "")
    settings = {"DATABASE_URL": setting}
    commands = (run_gql_server("migrate", folder=tmp_path, settings=settings) for _ in range(2))
    outputs = await asyncio.gather(*commands)
    assert [code for code, _, _ in outputs] == [0, 0], outputs
    database = Database(empty_database_url)
    try:
        await check_current(database)
    finally:
        await database.close()
