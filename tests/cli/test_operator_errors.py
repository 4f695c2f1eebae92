"""What an operator can fix ends every command in words, and in no traceback."""

import errno
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from resource import RLIMIT_FSIZE, setrlimit
from subprocess import PIPE
from subprocess import run as run_process
from typing import IO

import pytest
from typer.testing import CliRunner, Result

from gql_server import __version__
from gql_server.cli.root import cli
from gql_server.database.engine.migration import head_revision
from gql_server.settings import Settings
from tests.support.permissions import bound_by_permissions
from tests.support.postgres import PostgresServer
from tests.support.process import environment
from tests.support.sqlite import make_sqlite

MAKERS = [("serve",), ("migrate",)]
"""They make an SQLite database where there is none."""

READERS = [
    ("audit",),
    ("audit", "--repair"),
    ("keys", "create", "--user", "ann", "--role", "admin"),
    ("keys", "list"),
    ("keys", "revoke", "key_x"),
    ("costs", "adjust", "--user", "ann", "--amount", "1", "--reason", "x"),
    ("costs", "export"),
    ("costs", "export", "--format", "parquet"),
]
ON_A_DATABASE = [*MAKERS, *READERS]
WITH_SETTINGS = [*ON_A_DATABASE, ("worker",), ("prices", "refresh"), ("webhooks", "secret")]


def name_of(command: tuple[str, ...]) -> str:
    return "_".join(command[:2])


def run(*command: str) -> Result:
    """Run a command that is to end with 1, in words."""
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert "hidden" not in result.output
    return result


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", [*READERS, ("webhooks", "secret")], ids=name_of)
def test_where_there_is_no_database_none_is_made(command: tuple[str, ...], folder: Path) -> None:
    file = folder / "data" / "gql_server.db"
    result = run(*command)
    assert f"DATA_DIR: there is no database {file}" in result.output
    assert "`gql-server migrate`" in result.output
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("command", ON_A_DATABASE, ids=name_of)
def test_every_command_says_on_which_database(command: tuple[str, ...], folder: Path) -> None:
    (folder / "data").write_text("a file in place of the folder")
    assert f"Database: {folder}/data/gql_server.db\n" in run(*command).output


@pytest.mark.parametrize("command", WITH_SETTINGS, ids=name_of)
def test_a_file_in_place_of_a_folder(command: tuple[str, ...], folder: Path) -> None:
    (folder / "data").write_text("")
    assert run(*command).output


@pytest.mark.parametrize("command", ON_A_DATABASE, ids=name_of)
@pytest.mark.parametrize("kind", ["no database", "folder", "broken"])
def test_what_is_no_database(command: tuple[str, ...], kind: str, folder: Path) -> None:
    file = folder / "data" / "gql_server.db"
    make_sqlite(file)
    if kind == "broken":
        file.write_bytes(file.read_bytes()[:5000])
    else:
        file.unlink()
        if kind == "folder":
            file.mkdir()
        else:
            file.write_text("a text" * 1000)
    assert f"DATA_DIR: the database {file} cannot be used: " in run(*command).output


def set_revision(file: Path, revision: str | None) -> None:
    make_sqlite(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM alembic_version")
        if revision is not None:
            connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))


@pytest.mark.parametrize("command", ON_A_DATABASE, ids=name_of)
@pytest.mark.parametrize(
    ("revision", "message"),
    [("9999", "is of a newer version"), ("ae1027a6acf", "not one of gql_server")],
)
def test_a_newer_database(
    command: tuple[str, ...], revision: str, message: str, folder: Path
) -> None:
    set_revision(folder / "data" / "gql_server.db", revision)
    output = run(*command).output
    assert message in output
    assert f"its revision is {revision}, and gql_server {__version__} knows" in output
    assert f"up to {head_revision()}." in output
    assert "migrate` first" not in output


@pytest.mark.parametrize("command", READERS, ids=name_of)
@pytest.mark.parametrize(
    ("revision", "message"), [("0001", "its revision is 0001, and"), (None, "has no tables")]
)
def test_an_older_database_is_not_migrated_by_the_way(
    command: tuple[str, ...], revision: str | None, message: str, folder: Path
) -> None:
    set_revision(folder / "data" / "gql_server.db", revision)
    output = run(*command).output
    assert message in output
    assert "Run `gql-server migrate`." in output


@pytest.fixture(scope="module")
def other_shapes(postgres: PostgresServer) -> Mapping[str | None, str]:
    """The address of a database of each other revision."""
    found: dict[str | None, str] = {}
    for revision in (None, "0001", "9999"):
        name = postgres.create_database()
        found[revision] = postgres.setting(name)
        if revision is not None:
            postgres.execute(name, "CREATE TABLE alembic_version (version_num varchar(32))")
            postgres.execute(name, f"INSERT INTO alembic_version VALUES ('{revision}')")
    return found


POSTGRESQL = [*ON_A_DATABASE, ("worker",)]


@pytest.mark.parametrize("command", POSTGRESQL, ids=name_of)
def test_no_database_server(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hidden@127.0.0.1:9/none?sslmode=disable")
    output = run(*command).output
    assert "Database: postgresql://user@127.0.0.1:9/none\n" in output
    assert "DATABASE_URL: the database postgresql://user@127.0.0.1:9/none cannot be used" in output
    assert "Connection refused" in output


@pytest.mark.parametrize("command", POSTGRESQL, ids=name_of)
@pytest.mark.parametrize(
    ("revision", "message"),
    [
        (None, "has no tables of gql_server yet"),
        ("0001", "is of an older version: its revision is 0001"),
        ("9999", "is of a newer version: its revision is 9999"),
    ],
)
def test_a_postgresql_of_another_shape(
    command: tuple[str, ...],
    revision: str | None,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    other_shapes: Mapping[str | None, str],
) -> None:
    if command == ("migrate",) and revision != "9999":
        return  # it is what helps
    monkeypatch.setenv("DATABASE_URL", other_shapes[revision])
    output = run(*command).output
    assert "DATABASE_URL: The database " in output
    assert message in output
    assert ("Run `gql-server migrate`." in output) == (revision != "9999")


@pytest.mark.parametrize("command", WITH_SETTINGS, ids=name_of)
@pytest.mark.parametrize(
    "wrong",
    [
        {"PORT": "high"},
        {"DATABASE_URL": "postgresql://u:hid@den@h/x"},
        {"DATABASE_URL_FILE": "/none"},
    ],
    ids=str,
)
def test_a_wrong_setting(
    command: tuple[str, ...], wrong: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    assert run(*command).output.startswith(next(iter(wrong)))
    assert run(*command).output.count("\n") == 1


@pytest.mark.parametrize("setting", ["PRICE_BOOK", "TRUSTED_DOCUMENTS"])
@pytest.mark.parametrize("kind", ["missing", "folder", "UTF-16", "nonsense"])
def test_a_wrong_file_of_settings(
    setting: str, kind: str, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    file = folder / "file"
    if kind == "folder":
        file.mkdir()
    elif kind != "missing":
        file.write_text("= für", encoding="utf-16" if kind == "UTF-16" else "utf-8")
    monkeypatch.setenv(setting, str(file))
    assert f"{setting}: {file}: " in run("serve").output


@pytest.mark.parametrize("kind", ["missing", "folder", "UTF-16", "Latin-1"])
def test_other_files(kind: str, folder: Path) -> None:
    file = folder / "file"
    if kind == "folder":
        file.mkdir()
    elif kind != "missing":
        file.write_text("für", encoding=kind)
    for options in (("--check", "--file"), ("--since",)):
        assert run("schema", *options, str(file)).output.startswith(str(file))
    batch = CliRunner().invoke(cli, ["batch", str(file), "--model", "x", "--out", "out"])
    assert batch.exit_code == 2
    assert batch.output.startswith(str(file))


def run_apart(
    *command: str,
    folder: Path,
    stdout: int | IO[bytes] = PIPE,
    settings: Mapping[str, str] | None = None,
    largest_file: int = -1,
) -> str:
    """Run a command as a process, which is to end with 1; return what it logged."""

    def restrict() -> None:
        if largest_file >= 0:
            setrlimit(RLIMIT_FSIZE, (largest_file, largest_file))

    ended = run_process(
        [sys.executable, "-m", "gql_server", *command],
        cwd=folder,
        # Cut off by the limit, a module's bytecode would be read by every other process.
        env=environment({**(settings or {}), "PYTHONDONTWRITEBYTECODE": "1"}),
        stdout=stdout,
        stderr=PIPE,
        check=False,
        preexec_fn=restrict,
    )
    logged = ended.stderr.decode()
    assert ended.returncode == 1, logged
    assert "Traceback" not in logged
    return logged


def test_a_full_disk_behind_the_output(folder: Path) -> None:
    make_sqlite(folder / "data" / "gql_server.db")
    with Path("/dev/full").open("wb") as full:
        for command in (("schema",), ("keys", "list")):
            logged = run_apart(*command, folder=folder, stdout=full)
            assert os.strerror(errno.ENOSPC) in logged


@pytest.mark.parametrize("command", [("migrate",), ("serve",)], ids=name_of)
def test_a_full_disk_under_the_database(command: tuple[str, ...], folder: Path) -> None:
    logged = run_apart(*command, folder=folder, largest_file=20_000)
    assert "DATA_DIR: the database data/gql_server.db cannot be used: " in logged


def test_an_output_of_another_encoding(folder: Path) -> None:
    make_sqlite(folder / "data" / "gql_server.db")
    CliRunner().invoke(cli, ["keys", "create", "--user", "漢", "--role", "admin"])
    logged = run_apart("keys", "list", folder=folder, settings={"PYTHONIOENCODING": "latin-1"})
    assert "latin-1, has no '\\u6f22'; set PYTHONIOENCODING=utf-8" in logged


@pytest.fixture
def without_rights(folder: Path) -> Iterator[Path]:
    """A folder with a database that nobody may change, root neither."""
    data = folder / "data"
    make_sqlite(data / "gql_server.db")
    data.chmod(0o500)
    with bound_by_permissions():
        yield data
    data.chmod(0o700)


@pytest.mark.parametrize("command", ON_A_DATABASE, ids=name_of)
def test_a_folder_that_cannot_be_written(command: tuple[str, ...], without_rights: Path) -> None:
    assert "DATA_DIR: " in run(*command).output
    without_rights.chmod(0)
    assert "DATA_DIR: " in run(*command).output


@pytest.mark.parametrize("name", ["PRICE_BOOK", "TRUSTED_DOCUMENTS", "DATABASE_URL_FILE"])
def test_a_file_that_cannot_be_read(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "file"
    file.write_text("x")
    file.chmod(0)
    monkeypatch.setenv(name, str(file))
    with bound_by_permissions():
        output = run("serve").output
    assert output.startswith(f"{name}: ") or f"\n{name}: " in output
    assert "Permission denied" in output


@pytest.mark.parametrize("name", [".env", "prompts.txt"])
def test_an_input_that_cannot_be_read(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / name
    file.write_text("x")
    file.chmod(0)
    if name == ".env":
        monkeypatch.setitem(Settings.model_config, "env_file", name)
        command: tuple[str, ...] = ("keys", "list")
    else:
        command = ("batch", name, "--model", "x", "--out", "out")
    with bound_by_permissions():
        result = CliRunner().invoke(cli, command)
    assert result.exit_code in {1, 2}
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.output.startswith(name)
    assert "Permission denied" in result.output


def test_a_certificate_that_cannot_sign(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in (("CERTIFICATE", "no certificate"), ("PRIVATE_KEY", "hidden")):
        (folder / name).write_text(content)
        monkeypatch.setenv(f"PROVENANCE_{name}_FILE", str(folder / name))
    said = "PROVENANCE_CERTIFICATE, PROVENANCE_PRIVATE_KEY: the private key is not an unencrypted"
    assert said in run("serve").output
    monkeypatch.setenv("PROVENANCE", "false")
    assert "PROVENANCE: set it to true, or leave" in run("serve").output
    monkeypatch.delenv("PROVENANCE_CERTIFICATE_FILE")
    assert "PROVENANCE_CERTIFICATE: missing" in run("serve").output
