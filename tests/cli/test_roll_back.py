"""The version before runs on the database of the next one, where the operator says so."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.running_app import running_app
from tests.support.sqlite import make_sqlite

pytestmark = pytest.mark.anyio

FROM_LATER = """
UPDATE alembic_version SET version_num = '9999';
ALTER TABLE images ADD COLUMN of_later VARCHAR;
CREATE TABLE of_later (id VARCHAR PRIMARY KEY);
"""


async def test_a_server_works_on_a_database_that_the_next_version_has_migrated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gql_server.db"
    make_sqlite(file)
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript(FROM_LATER)
    async with running_app(tmp_path, {"allow_newer_database": True}) as app:
        image = await app.image()
        found = await app.ask("{ images(first: 5) { edges { node { id cost } } } }")
        assert [edge["node"]["id"] for edge in found["images"]["edges"]] == [image["id"]]
    # Where no server of this process has configured the logs yet, they are printed.
    assert "database_newer" in caplog.text + capsys.readouterr().out
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
