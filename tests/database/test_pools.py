"""PostgreSQL with fewer connections than a process would like: slower, and not broken."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import URL

from gql_server.bootstrap.resources import fitting_sizes, open_database
from gql_server.database.engine import pools
from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.engine.locks import with_advisory_lock
from gql_server.database.engine.pools import MIN_POOL_SIZE, pool_sizes
from gql_server.jobs.engine_database import engine_url, open_engine
from gql_server.processes.recurring import recurring
from gql_server.settings import Settings
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.anyio

ROLE = "few_connections"
MAX_VALUE = 6


@pytest.fixture
def narrow_url(postgres: PostgresServer, migrated_postgres: str) -> Iterator[URL]:
    """A database whose user may have six connections."""
    name = postgres.create_database(migrated_postgres)
    with psycopg.connect(postgres.setting(name), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {ROLE} LOGIN CONNECTION LIMIT {MAX_VALUE}")
    yield postgres.url(name).set(username=ROLE)
    postgres.drop_database(name)
    with psycopg.connect(postgres.setting("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP ROLE {ROLE}")


async def use(database: Database, *, writes: bool) -> None:
    async with database.write() if writes else database.read() as connection:
        await connection.execute(text("SELECT pg_sleep(0.02)"))


async def test_what_is_refused_waits_its_turn(narrow_url: URL) -> None:
    processes = [Database(narrow_url), Database(narrow_url)]
    engine = open_engine(engine_url(narrow_url))
    try:
        async with (
            recurring("first", processes[0].give_back_idle, seconds=0.2),
            recurring("second", processes[1].give_back_idle, seconds=0.2),
        ):
            await asyncio.gather(
                *(use(processes[n % 2], writes=n % 4 < 2) for n in range(40)),
                asyncio.to_thread(lambda: engine.connect().close()),
            )
    finally:
        engine.dispose()
        for database in processes:
            await database.close()


async def test_who_waits_too_long_is_reported(
    narrow_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "_WAIT_SECONDS", 0.2)
    address = narrow_url.set(drivername="postgresql").render_as_string(hide_password=False)
    database = Database(narrow_url)
    others = [psycopg.connect(address) for _ in range(MAX_VALUE)]
    try:
        with pytest.raises(DatabaseUnavailable):
            await use(database, writes=True)
    finally:
        for other in others:
            other.close()
        await database.close()


async def test_the_least_that_can_be_set_is_enough_for_work_that_is_done_alone(
    postgres: PostgresServer, migrated_postgres: str
) -> None:
    url = postgres.url(postgres.create_database(migrated_postgres))
    database = Database(url, pool_sizes(MIN_POOL_SIZE))

    async def work() -> None:
        await use(database, writes=True)

    try:
        async with asyncio.timeout(60):
            await asyncio.gather(
                *(with_advisory_lock(database, f"work {n}", work) for n in range(10))
            )
    finally:
        await database.close()


@pytest.mark.parametrize("total", [MIN_POOL_SIZE, 10, 51, 1000])
def test_a_process_opens_no_more_than_its_setting_says(total: int) -> None:
    sizes = pool_sizes(total)
    assert sizes.readers + sizes.writers + sizes.jobs + 1 == total
    assert sizes.writers > sizes.alone
    assert min(sizes.readers, sizes.jobs) >= 2


@pytest.mark.parametrize(("setting", "opened"), [(1000, 15), (10, 10)])
async def test_a_process_leaves_room_for_another(
    postgres: PostgresServer, narrow_url: URL, setting: int, opened: int
) -> None:
    name = str(narrow_url.database)
    with psycopg.connect(postgres.setting(name), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {ROLE} CONNECTION LIMIT 30")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
    settings = Settings(
        database_url=SecretStr(narrow_url.render_as_string(hide_password=False)),
        database_pool_size=setting,
    )
    sizes = await fitting_sizes(settings)
    async with open_database(settings, migrates=False, sizes=sizes) as database:
        assert database.sizes == pool_sizes(opened)
