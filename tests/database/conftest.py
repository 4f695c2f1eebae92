from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from gql_server.database.engine import Database
from gql_server.database.migration import migrate
from tests.servers.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    if request.param == "sqlite":
        return URL.create("sqlite+aiosqlite", database=str(tmp_path / "test.db"))
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(server.create_database())


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_postgres: str
) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        database = Database(URL.create("sqlite+aiosqlite", database=str(tmp_path / "test.db")))
        await migrate(database)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        database = Database(server.url(server.create_database(migrated_postgres)))
    yield database
    await database.close()
