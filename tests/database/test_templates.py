from datetime import timedelta

import pytest

from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import PageRequest
from gql_server.database.engine.records import record_of
from gql_server.database.queries.source_images import find_source_images, insert_source_image
from gql_server.database.queries.templates import (
    TEMPLATE_COLUMNS,
    count_templates,
    find_templates,
    template_page,
    update_template,
)
from gql_server.database.records.source_images import SourceImageRecord
from gql_server.database.records.templates import TemplateDeletion
from gql_server.database.tables.images import SourceImageRow
from gql_server.domain.ids import new_id
from tests.database.rows import START, add_template, counted_statements

pytestmark = pytest.mark.anyio


async def test_a_page_of_templates_is_one_statement(database: Database) -> None:
    newest_first = [
        (await add_template(database, created_at=START - timedelta(seconds=number))).id
        for number in range(6)
    ]
    await add_template(database, user_id="bob")
    for size in (1, 5):
        with counted_statements(database) as statements:
            async with database.read() as connection:
                page = await template_page(
                    connection, TEMPLATE_COLUMNS, PageRequest(size=size), user_id="ann"
                )
        assert [row["id"] for row in page.rows] == newest_first[:size]
        assert len(statements) == 1
    async with database.read() as connection:
        assert await count_templates(connection, user_id="ann") == 6
        assert await count_templates(connection, user_id=None) == 7


async def test_a_deleted_template_is_not_found(database: Database) -> None:
    template = await add_template(database)
    async with database.write() as connection:
        deletion: TemplateDeletion = {"deleted_at": START}
        assert await update_template(connection, template.id, user_id="ann", values=deletion)
        assert not await update_template(connection, template.id, user_id="ann", values=deletion)
        assert await find_templates(connection, [template.id], user_id="ann") == {}
        assert await count_templates(connection, user_id="ann") == 0


@pytest.mark.parametrize("template_id", ["tpl_none", "tpl_\x00", "img_x", ""])
async def test_an_id_that_is_none_is_not_found(database: Database, template_id: str) -> None:
    async with database.write() as connection:
        assert await find_templates(connection, [template_id], user_id="ann") == {}
        assert not await update_template(
            connection, template_id, user_id="ann", values={"name": "x"}
        )


async def test_another_users_template_is_neither_found_nor_changed(database: Database) -> None:
    template = await add_template(database)
    async with database.write() as connection:
        assert await find_templates(connection, [template.id], user_id="bob") == {}
        assert not await update_template(
            connection, template.id, user_id="bob", values={"name": "Mine"}
        )
        found = await find_templates(connection, [template.id], user_id="ann")
    assert found[template.id]["name"] == "Product"


async def test_uploads_are_found_by_their_owner(database: Database) -> None:
    upload = SourceImageRow(
        id=new_id("src"),
        user_id="ann",
        storage_key="sources/x.png",
        width=10,
        height=20,
        content_type="image/png",
        size_bytes=30,
        created_at=START,
    )
    async with database.write() as connection:
        await insert_source_image(connection, upload)
        ids = [upload.id, "src_\x00", "img_x"]
        assert await find_source_images(connection, ids, user_id="bob") == {}
        found = await find_source_images(connection, ids, user_id="ann")
    assert found == {upload.id: record_of(upload, SourceImageRecord)}
