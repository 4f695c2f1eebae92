from pathlib import Path

import pytest
from typer.testing import CliRunner

from gql_server import __version__
from gql_server.api.schema import schema_text
from gql_server.cli import cli

runner = CliRunner()


def test_help_names_every_command() -> None:
    result = runner.invoke(cli, ["--help"])
    assert result.exit_code == 0
    for command in ("serve", "migrate", "schema"):
        assert command in result.output
        assert runner.invoke(cli, [command, "--help"]).exit_code == 0


def test_the_version_is_told() -> None:
    assert runner.invoke(cli, ["--version"]).output == f"gql-server {__version__}\n"


def test_the_schema_is_printed() -> None:
    assert runner.invoke(cli, ["schema"]).output == schema_text()


def test_a_stale_schema_is_told_with_its_difference(tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    file.write_text(schema_text())
    check = ["schema", "--check", "--file", str(file)]
    assert runner.invoke(cli, check).exit_code == 0
    file.write_text(schema_text().replace("type Image ", "type Picture "))
    result = runner.invoke(cli, check)
    assert result.exit_code == 1
    assert "-type Picture implements Node {" in result.output
    file.unlink()
    assert runner.invoke(cli, check).exit_code == 1


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_wrong_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("PORT", "high")
    result = runner.invoke(cli, [command])
    assert result.exit_code == 1
    assert result.output.startswith("PORT: ")


def test_a_wrong_price_book_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRICE_BOOK", str(tmp_path / "none.toml"))
    result = runner.invoke(cli, ["serve"])
    assert result.exit_code == 1
    assert "none.toml" in result.output


def test_a_database_out_of_reach_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hidden@127.0.0.1:9/none")
    result = runner.invoke(cli, ["migrate"])
    assert result.exit_code == 1
    assert "DATABASE_URL" in result.output
    assert "hidden" not in result.output
