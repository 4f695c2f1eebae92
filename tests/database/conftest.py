from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.support.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    if request.param == "sqlite":
        return URL.create("sqlite+aiosqlite", database=str(tmp_path / "test.db"))
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(server.create_database())
