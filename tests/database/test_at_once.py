"""Transactions that are done in one go: in a thread on SQLite, as any other on PostgreSQL."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.engine.notifications import notify
from gql_server.database.queries.images import find_images
from gql_server.database.tables.images import ImageRow
from tests.database.rows import add_image

pytestmark = pytest.mark.anyio


async def add(connection: AsyncConnection, *, image_id: str, number: int = 1) -> None:
    await connection.execute(
        update(ImageRow)
        .where(col(ImageRow.id) == image_id)
        .values(size_bytes=ImageRow.size_bytes + number)
    )


async def size(database: Database, image_id: str) -> int:
    async with database.read() as connection:
        found = await find_images(connection, [image_id], user_id="ann")
    bytes_: int = found[image_id]["size_bytes"]
    return bytes_


async def test_no_update_of_writers_of_both_kinds_is_lost(database: Database) -> None:
    image_id = (await add_image(database, size_bytes=0)).id

    async def write() -> None:
        async with database.write() as connection:
            await add(connection, image_id=image_id)

    at_once = (database.write_in_thread(partial(add, image_id=image_id)) for _ in range(20))
    passing = (database.write_unsynced(partial(add, image_id=image_id)) for _ in range(20))
    await asyncio.gather(*at_once, *(write() for _ in range(20)), *passing)
    assert await size(database, image_id) == 60


async def test_what_raises_is_rolled_back_and_reported_to_no_one(database: Database) -> None:
    image_id = (await add_image(database, size_bytes=0)).id
    notified: list[str] = []
    if database.is_sqlite:
        database.on_committed_topic = notified.append

    async def fails(connection: AsyncConnection) -> None:
        await add(connection, image_id=image_id)
        await notify(connection, "images:ann")
        raise LookupError

    async def succeeds(connection: AsyncConnection) -> str:
        await notify(connection, "images:ann")
        return "done"

    with pytest.raises(LookupError):
        await database.write_in_thread(fails)
    assert (await size(database, image_id), notified) == (0, [])
    assert await database.write_in_thread(succeeds) == "done"
    assert notified == ["images:ann"][: int(database.is_sqlite)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # PostgreSQL's waits as others do
async def test_a_transaction_in_a_thread_must_not_wait(database: Database) -> None:
    image_id = (await add_image(database, size_bytes=0)).id

    async def waits(connection: AsyncConnection) -> None:
        await add(connection, image_id=image_id)
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="waits for nothing"):
        await database.write_in_thread(waits)
    assert await size(database, image_id) == 0
