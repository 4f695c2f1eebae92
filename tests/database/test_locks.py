"""Work that one process at a time does."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.engine.locks import with_advisory_lock
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[Database]:
    database = Database(postgres.url(postgres.create_database()))
    yield database
    await database.close()


async def test_the_same_work_is_not_done_twice_at_once(database: Database) -> None:
    started, go_on, done = asyncio.Event(), asyncio.Event(), []

    async def slow() -> None:
        started.set()
        await go_on.wait()

    async def quick() -> None:
        done.append("quick")

    first = asyncio.create_task(with_advisory_lock(database, "sweep", slow))
    await started.wait()
    assert not await with_advisory_lock(database, "sweep", quick)
    assert await with_advisory_lock(database, "another", quick)
    go_on.set()
    assert await first
    assert await with_advisory_lock(database, "sweep", quick)
    assert done == ["quick", "quick"]


async def test_work_is_cancelled_when_its_lock_is_lost(database: Database) -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(with_advisory_lock(database, "sweep", slow))
    await started.wait()
    async with database.write() as connection:
        # As PostgreSQL does to the session of a process that was frozen.
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks "
                "WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        )
    with pytest.raises(DatabaseUnavailable):
        await task
    assert ended.is_set()
