from collections.abc import Iterator

import pytest

from gql_server.database.engine import Database
from gql_server.database.migration import migrate
from gql_server.settings import Settings
from tests.servers.postgres import PostgresServer, running_postgres
from tests.servers.s3 import S3Server, running_s3
from tests.servers.workers_ai import workers_ai_standin
from tests.servers.workers_ai_app import WorkersAIStandin


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's environment and .env out of the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with running_s3() as server:
        yield server


@pytest.fixture(scope="session")
def running_standin() -> Iterator[WorkersAIStandin]:
    with workers_ai_standin() as standin:
        yield standin


@pytest.fixture
def standin(running_standin: WorkersAIStandin) -> WorkersAIStandin:
    running_standin.reset()
    running_standin.latency = 0.0
    return running_standin


@pytest.fixture(scope="session")
async def migrated_postgres(postgres: PostgresServer) -> str:
    """The name of a database to copy, so that no test waits for a migration."""
    name = postgres.create_database()
    database = Database(postgres.url(name))
    await migrate(database)
    await database.close()
    return name
