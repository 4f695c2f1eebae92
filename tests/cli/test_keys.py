import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gql_server.access.key_secrets import prefix_of
from gql_server.cli.root import cli
from tests.support.sqlite import make_sqlite

runner = CliRunner()


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_sqlite(tmp_path / "gql_server.db")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


def run(*arguments: str) -> Result:
    return runner.invoke(cli, ["keys", *arguments])


def id_of(made: Result) -> str:
    database, line = made.stderr.splitlines()
    assert database.startswith("Database: ")
    return line.split()[0]


def test_a_key_is_made_listed_and_revoked() -> None:
    made = run("create", "--user", "ann", "--role", "creator", "--name", "web shop")
    assert made.exit_code == 0
    secret = made.stdout.strip()
    prefix = prefix_of(secret)
    assert prefix is not None
    key_id = id_of(made)
    assert secret not in made.stderr
    _, line = run("list").stdout.splitlines()
    shown = line.split("\t")
    assert shown[:5] == [key_id, prefix, "ann", "creator", "good"]
    assert shown[6:] == ["never", "web shop"]
    assert run("revoke", key_id).stdout == f"{key_id} of ann is revoked.\n"
    assert "revoked 20" in run("list").output
    assert run("list", "--user", "bob").stdout.count("\n") == 1


def test_an_expiry_is_shown() -> None:
    made = run("create", "--user", "ann", "--role", "reader", "--expires", "2999-01-01")
    assert made.exit_code == 0
    assert "good until 2999-01-01T00:00:00.000Z" in run("list").output


def test_what_is_wrong_is_reported_at_once() -> None:
    result = run("create", "--user", " ", "--role", "reader", "--expires", "2020-01-01")
    assert result.exit_code == 1
    assert "The user must be" in result.output
    assert "must be in the future" in result.output
    assert run("create", "--user", "ann", "--role", "king").exit_code == 2
    result = run("revoke", "key_nope")
    assert result.exit_code == 1
    assert result.output.splitlines()[1:] == ['There is no API key "key_nope".']


@pytest.mark.parametrize(
    ("given", "limit", "period"),
    [("25", 25.0, "monthly"), ("2.50/day", 2.5, "daily"), ("0/month", 0.0, "monthly")],
)
def test_a_key_is_made_with_its_budget(
    given: str, limit: float, period: str, tmp_path: Path
) -> None:
    made = run("create", "--user", "ann", "--role", "creator", "--budget", given)
    assert made.exit_code == 0
    with sqlite3.connect(tmp_path / "gql_server.db") as connection:
        rows = connection.execute(
            "SELECT scope, subject_id, amount, period, is_hard FROM budgets"
        ).fetchall()
    connection.close()
    assert rows == [("key", id_of(made), round(limit * 1e9), period, 1)]


@pytest.mark.parametrize("given", ["", "x", "5/year", "-1", "nan", "1e99", "$5"])
def test_no_key_is_made_with_a_wrong_budget(given: str) -> None:
    made = run("create", "--user", "ann", "--role", "creator", "--budget", given)
    assert made.exit_code != 0
    assert "US dollars" in made.output
    assert run("list").stdout.count("\n") == 1
