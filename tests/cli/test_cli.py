import json
import socket
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gql_server import __version__
from gql_server.api.schema import schema_text
from gql_server.cli.root import cli
from gql_server.rest.application import rest_application
from gql_server.rest.options import RestOptions
from tests.support.s3 import S3Server
from tests.support.sqlite import make_sqlite

runner = CliRunner()


def test_help_names_every_command() -> None:
    result = runner.invoke(cli, ["--help"])
    assert result.exit_code == 0
    for command in ("serve", "migrate", "schema", "audit", "batch", "costs", "prices"):
        assert command in result.output
        assert runner.invoke(cli, [command, "--help"]).exit_code == 0


def test_the_version_is_printed() -> None:
    assert runner.invoke(cli, ["--version"]).output == f"gql-server {__version__}\n"


def test_the_schema_is_printed() -> None:
    assert runner.invoke(cli, ["schema"]).output == schema_text()


def test_rests_description_is_printed() -> None:
    printed = runner.invoke(cli, ["schema", "--openapi"]).stdout
    described = rest_application(RestOptions(requires_auth=True)).openapi()
    assert json.loads(printed) == json.loads(json.dumps(described))
    assert "/api/generate" in described["paths"]


def test_a_stale_schema_is_reported_with_its_difference(tmp_path: Path) -> None:
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


WHOLE_R2 = {
    "R2_BUCKET": "pictures",
    "R2_ACCESS_KEY_ID": "key",
    "R2_SECRET_ACCESS_KEY": "hidden",
    "R2_ENDPOINT_URL": "http://127.0.0.1:9",
}


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"DATA_DIR": "/proc/nope"}, "DATA_DIR: /proc/nope: No such file"),
        ({"DATA_DIR": "/etc/passwd"}, "DATA_DIR: /etc/passwd: File exists"),
        ({"DATABASE_URL": "postgresql://u:hidden@127.0.0.1:9/x"}, "DATABASE_URL: "),
        ({"DATABASE_URL": "postgresql://u:hidden@127.0.0.1/x?nonsense=1"}, "nonsense"),
        ({"DATABASE_URL": "postgresql://u:hidden@h:port/x"}, "DATABASE_URL: give"),
        ({"DATABASE_URL": "sqlite:////nope/x.db"}, "DATABASE_URL: "),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL: give"),
        (
            {"CLOUDFLARE_ACCOUNT_ID": "a", "CLOUDFLARE_API_TOKEN": "hidden token"},
            "CLOUDFLARE_API_TOKEN: ",
        ),
        ({"WORKERS_AI_BASE_URL": "http://x/y?hidden=1"}, "WORKERS_AI_BASE_URL: "),
        ({"PRICE_BOOK": "/nope.toml"}, "PRICE_BOOK: /nope.toml"),
        ({"HOST": "999.1.1.1", "AUTH": "keys"}, "HOST: give an address or a name alone"),
        ({"PUBLIC_URL": "https://images.test"}, "AUTH: choose who may use the server"),
        ({"AUTH": "perhaps"}, "AUTH: Input should be 'none' or 'keys'"),
        ({"ALLOWED_IPS": "10.0.0.0/8, everywhere"}, "ALLOWED_IPS: everywhere is not a network"),
        ({"URL_SIGNING_SECRET": "short"}, "URL_SIGNING_SECRET: give at least 32"),
        ({"WEBHOOK_SECRET": "whsec_c2hvcnQ="}, "WEBHOOK_SECRET: give whsec_ and 24 to 64"),
        ({"WEBHOOK_SECRET": "A" * 32}, "WEBHOOK_SECRET: give whsec_ and 24 to 64"),
        ({"WEBHOOK_SECRET": " , "}, "WEBHOOK_SECRET: give at least one"),
        (WHOLE_R2 | {"R2_BUCKET": "bad bucket!"}, "R2_BUCKET: "),
    ],
)
def test_a_start_that_cannot_be_names_the_setting_and_shows_no_trace(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str], message: str
) -> None:
    for name, value in ({"DATA_DIR": str(tmp_path)} | environment).items():
        monkeypatch.setenv(name, value)
    result = runner.invoke(cli, ["serve"])
    assert result.exit_code == 1
    assert message in result.output
    assert "Traceback" not in result.output
    assert "hidden" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_port_in_use_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = runner.invoke(cli, ["serve", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 1
    assert "HOST, PORT: cannot listen" in result.output
    assert "Address already in use" in result.output


def test_a_bucket_that_is_not_there_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, s3: S3Server
) -> None:
    environment = WHOLE_R2 | {"R2_ENDPOINT_URL": s3.endpoint_url, "DATA_DIR": str(tmp_path)}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = runner.invoke(cli, ["serve"])
    assert result.exit_code == 1
    assert "R2_BUCKET" in result.output.splitlines()[-1]


def test_the_ledger_is_audited_adjusted_and_exported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_sqlite(tmp_path / "gql_server.db")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert runner.invoke(cli, ["audit"]).stdout == "Ledger, images, batches and roll-ups agree.\n"
    adjust = ["costs", "adjust", "--user", "ann", "--reason", "a refund", "--amount"]
    assert runner.invoke(cli, [*adjust, "-0.000000001"]).exit_code == 0
    for amount in ("0", "0.0000000001", "much", "NaN"):
        assert runner.invoke(cli, [*adjust, amount]).exit_code == 1
    header, line = runner.invoke(cli, ["costs", "export"]).stdout.splitlines()
    values = dict(zip(header.split(","), line.split(","), strict=True))
    assert (values["kind"], values["cost"], values["reason"]) == (
        "adjustment",
        "-0.000000001",
        "a refund",
    )
    exported = runner.invoke(cli, ["costs", "export", "--format", "json"]).stdout
    assert json.loads(exported)["user_id"] == "ann"
    later = runner.invoke(cli, ["costs", "export", "--since", "2100-01-01"])
    assert later.stdout.splitlines() == [header]
    with sqlite3.connect(tmp_path / "gql_server.db") as connection:
        connection.execute("UPDATE cost_rollups SET amount = 7 WHERE grouping = 0")
    connection.close()
    found = runner.invoke(cli, ["audit"])
    assert found.exit_code == 1
    assert "fix them with --repair" in found.output
    assert runner.invoke(cli, ["audit", "--repair"]).exit_code == 0
    assert runner.invoke(cli, ["audit"]).exit_code == 0


def test_a_database_out_of_reach_is_reported_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hidden@127.0.0.1:9/none")
    result = runner.invoke(cli, ["migrate"])
    assert result.exit_code == 1
    assert "DATABASE_URL" in result.output
    assert "hidden" not in result.output


def test_what_breaks_a_releases_clients_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "released.graphql"
    file.write_text(schema_text())
    same = runner.invoke(cli, ["schema", "--since", str(file)])
    assert same.exit_code == 0
    file.write_text(
        schema_text()
        .replace("type PageInfo {", "type PageInfo { lost: Int")
        .replace("input ModelFilter {", "input ModelFilter { lost: Int")
    )
    broken = runner.invoke(cli, ["schema", "--since", str(file)])
    assert broken.exit_code == 1
    assert "FIELD_REMOVED: Field PageInfo.lost was removed." in broken.output
    assert "2 changes break clients" in broken.output
