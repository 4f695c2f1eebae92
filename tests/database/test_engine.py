import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.image_inserts import insert_images
from gql_server.database.queries.images import find_images
from gql_server.database.tables.images import ImageRow
from gql_server.database.tables.ledger import ChargeRow
from tests.database.rows import add_image, charge_row, image_row

pytestmark = pytest.mark.anyio


async def test_no_update_of_fifty_concurrent_writers_is_lost(database: Database) -> None:
    image = await add_image(database, size_bytes=0)

    async def write_four_times() -> None:
        for _ in range(4):
            async with database.write() as connection:
                await connection.execute(
                    update(ImageRow)
                    .where(col(ImageRow.id) == image.id)
                    .values(size_bytes=ImageRow.size_bytes + 1)
                )

    await asyncio.gather(*(write_four_times() for _ in range(50)))
    async with database.read() as connection:
        found = await find_images(connection, [image.id], user_id="ann")
    assert found[image.id]["size_bytes"] == 200


async def test_read_modify_write_of_sqlite_is_serial(tmp_path: Path) -> None:
    url = URL.create("sqlite+aiosqlite", database=str(tmp_path / "two.db"))
    first, second = Database(url), Database(url)
    async with first.write() as connection:
        await connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        await connection.execute(text("INSERT INTO counter VALUES (0)"))

    async def add(database: Database) -> None:
        for _ in range(50):
            async with database.write() as connection:
                value = (await connection.execute(text("SELECT value FROM counter"))).scalar_one()
                await connection.execute(
                    text("UPDATE counter SET value = :value"), {"value": value + 1}
                )

    try:
        await asyncio.gather(add(first), add(second), add(first), add(second))
        async with first.read() as connection:
            total = (await connection.execute(text("SELECT value FROM counter"))).scalar_one()
    finally:
        await first.close()
        await second.close()
    assert total == 200


async def test_an_exception_undoes_everything_written(database: Database) -> None:
    image = image_row()

    async def write_and_fail() -> None:
        async with database.write() as connection:
            await insert_images(connection, [(image, charge_row(image))])
            raise RuntimeError("after the insert")

    with pytest.raises(RuntimeError, match="after the insert"):
        await write_and_fail()
    async with database.read() as connection:
        assert await find_images(connection, [image.id], user_id="ann") == {}
        assert (await connection.execute(select(col(ChargeRow.id)))).all() == []


async def test_moments_come_back_aware_and_in_utc(database: Database) -> None:
    east = timezone(timedelta(hours=5))
    image = await add_image(
        database, created_at=datetime(2026, 3, 1, 4, 30, 0, 123000, tzinfo=east)
    )
    async with database.read() as connection:
        found = await find_images(connection, [image.id], user_id="ann")
    moment = found[image.id]["created_at"]
    assert moment == datetime(2026, 2, 28, 23, 30, 0, 123000, tzinfo=UTC)
    assert moment.utcoffset() == timedelta(0)


async def test_a_naive_moment_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        await add_image(database, created_at=datetime(2026, 3, 1))  # noqa: DTZ001 - the point


async def test_a_charge_without_its_image_is_refused(database: Database) -> None:
    image = await add_image(database)
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(
                text("UPDATE charges SET image_id = 'img_none' WHERE image_id = :id"),
                {"id": image.id},
            )


async def test_an_image_is_charged_once(database: Database) -> None:
    image = await add_image(database)
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(insert(ChargeRow), charge_row(image).model_dump())


async def test_an_unreachable_server_is_unavailable() -> None:
    database = Database(URL.create("postgresql+psycopg", host="127.0.0.1", port=9, database="none"))
    try:
        with pytest.raises(DatabaseUnavailable):
            async with database.read():
                pass
    finally:
        await database.close()


async def test_sqlite_is_set_up_for_durable_concurrent_use(tmp_path: Path) -> None:
    database = Database(URL.create("sqlite+aiosqlite", database=str(tmp_path / "set_up.db")))
    try:
        async with database.reader.connect() as connection:
            values = {
                name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
                for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
            }
    finally:
        await database.close()
    assert values == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 10000,
        "synchronous": 2,
    }


async def test_a_writer_waits_for_its_turn_for_a_bounded_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.database.engine.engine._WAIT_SECONDS", 0.05)
    database = Database(URL.create("sqlite+aiosqlite", database=str(tmp_path / "one.db")))
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        with pytest.raises(DatabaseUnavailable):
            async with database.write():
                pass
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO counter VALUES (1)"))
    await database.close()
