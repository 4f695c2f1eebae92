"""Rows as the driver has them: the same on both databases, however many ask, whatever ends."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import String, bindparam, select, text

from gql_server.database.engine.cursors import cursor_at, cursor_of
from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import PageKey, PageOrder, PageRequest
from gql_server.database.engine.raw_reads import RawRead, compiled
from gql_server.database.queries.images import Deleted, ImageFilter, image_page, raw_image_page
from gql_server.database.tables.images import ImageRow
from gql_server.domain.clock import to_iso
from tests.database.rows import START, add_image, add_images

pytestmark = pytest.mark.anyio

COLUMNS = ("created_at", "id", "cost", "is_preview", "tags", "attributes", "seconds")
FILTERS = (
    ImageFilter(),
    ImageFilter(user_id="ann", deleted=Deleted.INCLUDE, is_preview=False),
    ImageFilter(model_ids=("@cf/black-forest-labs/flux-1-schnell", "x")),
    ImageFilter(model_ids=()),
    ImageFilter(tags=("fox",), search="RED"),
)


@pytest.mark.parametrize("where", FILTERS)
async def test_raw_pages_are_those_of_typed_rows(database: Database, where: ImageFilter) -> None:
    await add_images(database, 4, tags=["fox"], attributes={"a": [1, None]})
    await add_image(database, user_id="bob", is_preview=True)
    values = database.values
    for request in (PageRequest(size=3), PageRequest(size=2, from_end=True)):
        # Twice, for the second finds the statement's text where it was kept.
        pages = [await raw_image_page(database, COLUMNS, where, request) for _ in range(2)]
        async with database.read() as connection:
            typed = await image_page(connection, COLUMNS, where, request)
        for page in pages:
            assert page.has_more == typed.has_more
            read = [
                (row[1], row[2], values.boolean(row[3]), values.json(row[4]), values.json(row[5]))
                for row in page.rows
            ]
            assert read == [
                (row["id"], row["cost"], row["is_preview"], row["tags"], row["attributes"])
                for row in typed.rows
            ]
            for raw, row in zip(page.rows, typed.rows, strict=True):
                assert values.moment(raw[0]) == to_iso(row["created_at"])
                assert values.utc(raw[0]) == row["created_at"]
                assert cursor_at(values.microseconds(raw[0]), raw[1]) == cursor_of(row)


@pytest.mark.parametrize("microseconds", [0, 5_000])
@pytest.mark.parametrize("from_end", [False, True])
async def test_pages_neither_repeat_nor_skip_a_row(
    database: Database,
    microseconds: int,
    from_end: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    created = [START + timedelta(seconds=n // 2, microseconds=microseconds) for n in range(7)]
    ids = [(await add_image(database, created_at=moment)).id for moment in created]
    where = ImageFilter(created_since=created[1], created_before=created[6])
    seen: list[str] = []
    key: PageKey | None = None
    has_more = True
    while has_more:
        request = PageRequest(
            size=2,
            after=None if from_end else key,
            before=key if from_end else None,
            from_end=from_end,
            order=PageOrder.OLDEST_FIRST,
        )
        page = await raw_image_page(database, ("created_at", "id"), where, request)
        read = [row[1] for row in page.rows]
        seen = [*read, *seen] if from_end else [*seen, *read]
        moment, image_id = page.rows[0 if from_end else -1]
        key, has_more = PageKey(database.values.utc(moment), image_id), page.has_more
    assert seen == [*sorted(ids[0:2]), *sorted(ids[2:4]), *sorted(ids[4:6])]


def read_of(database: Database, statement: Any) -> RawRead:
    return compiled(statement, database.dialect, {"wanted": ""})


async def test_more_readers_than_connections_take_turns(database: Database) -> None:
    image_id = (await add_image(database)).id
    statement = select(ImageRow.id).where(  # type: ignore[call-overload]  # SQLModel's column is a str to mypy
        ImageRow.id == bindparam("wanted", type_=String())
    )
    read = read_of(database, statement)
    found = await asyncio.gather(*(database.rows(read, {"wanted": image_id}) for _ in range(80)))
    assert [list(rows) for rows in found] == [[(image_id,)]] * 80
    await database.give_back_idle()
    assert list(await database.rows(read, {"wanted": "nobody"})) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_connections_that_the_server_ended_are_opened_again(database: Database) -> None:
    read = read_of(database, select(text("pg_backend_pid()")))
    before = await asyncio.gather(*(database.rows(read, {}) for _ in range(3)))
    async with database.write() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    after = await asyncio.gather(*(database.rows(read, {}) for _ in range(3)))
    assert {rows[0][0] for rows in before}.isdisjoint(rows[0][0] for rows in after)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_reader_that_goes_away_leaves_no_connection_in_the_middle(
    database: Database,
) -> None:
    slow = read_of(database, select(text("pg_sleep(30)")))
    waiting = asyncio.create_task(database.rows(slow, {}))
    one = read_of(database, select(text("1")))
    assert [tuple(row) for row in await database.rows(one, {})] == [(1,)]
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert [tuple(row) for row in await database.rows(one, {})] == [(1,)]
