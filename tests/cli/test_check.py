"""``gql-server check``: what it finds, and how it says to fix it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gql_server.cli.root import cli
from gql_server.settings import Settings
from tests.support.postgres import PostgresServer
from tests.support.process import workers_ai_environment
from tests.support.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server
from tests.support.sqlite import make_sqlite
from tests.support.workers_ai_app import FakeWorkersAI

Check = Callable[..., Result]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Check:
    """Run the command in a folder of its own, with these environment variables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    monkeypatch.setattr("gql_server.bootstrap.checks.machine.pages_are_built", lambda: True)

    def run(*arguments: str, **environment: str) -> Result:
        result = CliRunner().invoke(cli, ["check", *arguments], env=environment)
        assert "Traceback" not in result.output
        return result

    return run


def findings(result: Result) -> dict[str, dict[str, Any]]:
    """Return the findings of --json by part; the worst of each."""
    order = ("ok", "warning", "error")
    found: dict[str, dict[str, Any]] = {}
    for one in sorted(json.loads(result.stdout)["findings"], key=lambda f: order.index(f["level"])):
        found[one["part"]] = one
    return found


def test_a_whole_production_is_fine(
    check: Check,
    postgres: PostgresServer,
    s3: S3Server,
    fake_workers_ai: FakeWorkersAI,
) -> None:
    bucket = s3.make_bucket()
    environment = workers_ai_environment(fake_workers_ai) | {
        "DATABASE_URL": postgres.setting(postgres.create_database()),
        "DATABASE_POOL_SIZE": "8",
        "MAX_CONNECTIONS": "10",
        "R2_BUCKET": bucket,
        "R2_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "R2_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "R2_ENDPOINT_URL": s3.endpoint_url,
        "WEBHOOK_SECRET": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    }
    assert CliRunner().invoke(cli, ["migrate"], env=environment).exit_code == 0
    result = check("--json", **environment)
    assert result.exit_code == 0, result.output
    found = findings(result)
    assert {one["level"] for one in found.values()} == {"ok"}, found
    assert {"database", "rights", "clock", "connections", "store", "Workers AI"} <= found.keys()
    assert s3.keys(bucket) == [".gql-server-store.json"]  # the trial object was deleted
    assert fake_workers_ai.requests == []
    for secret in (fake_workers_ai.token, SECRET_ACCESS_KEY, environment["WEBHOOK_SECRET"]):
        assert secret not in result.output
    settings = {one["name"]: one for one in json.loads(result.stdout)["settings"]}
    assert settings["R2_SECRET_ACCESS_KEY"]["value"] == "********"
    assert settings["R2_BUCKET"] == {"name": "R2_BUCKET", "value": bucket, "source": "environment"}
    assert settings["PORT"] == {"name": "PORT", "value": "8000", "source": "default"}


def test_the_source_of_each_setting_is_named(check: Check, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# a note\nMAX_FILES=3\nDATA_DIIR=x\n", "utf-8")
    (tmp_path / "secret").write_text("s" * 40, "utf-8")
    result = check(URL_SIGNING_SECRET_FILE="secret", MAX_CONNECTIONS="10")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "MAX_FILES=3  # .env, line 2" in lines
    assert "MAX_CONNECTIONS=10  # environment" in lines
    source = "URL_SIGNING_SECRET_FILE in the environment: secret"
    assert f"URL_SIGNING_SECRET=********  # {source}" in lines
    assert not [line for line in lines if line.startswith("PORT=")]
    assert any("DATA_DIIR is not a setting; did you mean DATA_DIR?" in line for line in lines)
    assert "warning  database: There is no database data/gql_server.db yet" in result.stdout
    assert "PORT=8000  # default" in check("--all").stdout.splitlines()


def test_what_is_wrong_is_named_with_how_to_fix_it(
    check: Check, tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    (tmp_path / "data").mkdir()
    make_sqlite(tmp_path / "data" / "gql_server.db")
    (tmp_path / "data" / "images").write_text("not a folder", "utf-8")
    environment = workers_ai_environment(fake_workers_ai) | {
        "CLOUDFLARE_API_TOKEN": "wrong",
        "HOST": "0.0.0.0",
        "PUBLIC_URL": "https://api.example.com",
        "MAX_CONNECTIONS": "100000000",
    }
    result = check("--json", **environment)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False
    found = findings(result)
    levels = {part: one["level"] for part, one in found.items() if one["level"] != "ok"}
    assert levels == {
        "access": "error",
        "store": "error",
        "Workers AI": "error",
        "open files": "warning",
        "proxy": "warning",
    }
    assert found["access"]["fix"].startswith("Set AUTH=keys")
    assert "DATA_DIR" in found["store"]["fix"]
    assert "CLOUDFLARE_API_TOKEN" in found["Workers AI"]["fix"]
    assert "ulimit -n" in found["open files"]["fix"]
    assert "TRUSTED_PROXIES" in found["proxy"]["fix"]


def test_a_database_that_is_not_migrated_is_an_error(
    check: Check, postgres: PostgresServer
) -> None:
    result = check(DATABASE_URL=postgres.setting(postgres.create_database()))
    assert result.exit_code == 1
    assert "error    database: DATABASE_URL: The database has no tables" in result.stdout
    assert "gql-server migrate" in result.stdout
    assert "warning  webhooks: Webhooks are refused" in result.stdout


def test_settings_that_are_wrong_are_errors(check: Check) -> None:
    result = check("--json", PORT="many", R2_BUCKET="b")
    assert result.exit_code == 1
    messages = [one["message"] for one in json.loads(result.stdout)["findings"]]
    assert any(message.startswith("PORT: ") for message in messages)


def test_models_are_listed_and_found_by_part_of_a_name() -> None:
    every = CliRunner().invoke(cli, ["models"]).stdout
    some = CliRunner().invoke(cli, ["models", "FLUX-1-schnell"]).stdout
    assert "@cf/black-forest-labs/flux-1-schnell" in some
    assert 1 < len(some.splitlines()) < len(every.splitlines())


def test_near_names_of_models_are_suggested() -> None:
    result = CliRunner().invoke(cli, ["models", "flux-1-schnel1"])
    assert result.exit_code == 1
    assert "No model is named flux-1-schnel1. Did you mean " in result.output
    assert "@cf/black-forest-labs/flux-1-schnell" in result.output


@pytest.mark.parametrize(
    ("environment", "part", "named"),
    [
        ({"PRICE_BOOK": "missing.toml"}, "prices", "PRICE_BOOK: "),
        ({"TRUSTED_DOCUMENTS": "missing.json"}, "trusted documents", "TRUSTED_DOCUMENTS: "),
        (
            {"PROVENANCE_CERTIFICATE": "none", "PROVENANCE_PRIVATE_KEY": "none"},
            "provenance",
            "PROVENANCE_CERTIFICATE, PROVENANCE_PRIVATE_KEY: ",
        ),
        ({"DATA_DIR": "file/data"}, "disk", "is not a folder that this user can write to"),
        ({"DATABASE_URL": "sqlite:///missing/a.db"}, "database", "There is no folder missing"),
    ],
)
def test_what_would_prevent_a_start_is_an_error(
    check: Check, tmp_path: Path, environment: dict[str, str], part: str, named: str
) -> None:
    (tmp_path / "file").touch()
    result = check("--json", **environment)
    assert result.exit_code == 1
    assert named in findings(result)[part]["message"]
    assert findings(result)[part]["level"] == "error"


def test_a_value_that_is_no_utf_8_is_shown_escaped(check: Check) -> None:
    settings = json.loads(check("--json", DATA_DIR="\udcff").stdout)["settings"]
    assert next(one["value"] for one in settings if one["name"] == "DATA_DIR") == "\udcff"
    assert r"DATA_DIR=\udcff  # environment" in check(DATA_DIR="\udcff").stdout


def test_a_folder_that_may_not_be_looked_into_is_an_error(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, **_options: bool) -> bool:
        if "data" not in path.parts:
            return exists(path)
        raise PermissionError(13, "Permission denied", "data")

    exists = Path.exists
    monkeypatch.setattr(Path, "exists", refused)  # these tests may run as root
    found = findings(check("--json"))
    assert (found["disk"]["level"], found["database"]["level"]) == ("error", "error")
    assert "Permission denied" in found["database"]["message"]
