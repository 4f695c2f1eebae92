"""A PostgreSQL whose disk is full: commands say so, and a server waits for room."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import chown
from typing import Final

import pytest
from typer.testing import CliRunner

from gql_server.cli.root import cli
from gql_server.web import health
from tests.support.postgres import PostgresServer
from tests.support.running_app import CREATE_TEMPLATE, FLUX, GENERATE, RunningApp, running_app
from tests.support.small_disk import SmallDisk, small_disk

pytestmark = pytest.mark.anyio

WRITERS: Final = [
    ("keys", "create", "--user", "ann", "--role", "admin"),
    ("costs", "adjust", "--user", "ann", "--amount", "1", "--reason", "a refund"),
    ("serve",),
    ("worker",),
]
READERS: Final = [("keys", "list"), ("audit",), ("costs", "export")]
UNAVAILABLE: Final = {"code": "UNAVAILABLE", "retryable": True, "retryAfter": 2}


class Desk:
    """Databases on a disk of their own."""

    def __init__(self, postgres: PostgresServer, disk: SmallDisk, migrated: str) -> None:
        self._postgres = postgres
        self.disk = disk
        self.migrated = postgres.setting(self._made(migrated))
        self.empty = postgres.setting(self._made("template1"))

    def _made(self, template: str) -> str:
        # Made there: the template's files are copied to another disk.
        name = self._postgres.create_database(template)
        self._postgres.execute("postgres", f'ALTER DATABASE "{name}" SET TABLESPACE small')
        return name


@pytest.fixture
def desk(
    postgres: PostgresServer, migrated_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user
        with small_disk(Path(folder) / "disk", megabytes=48) as disk:
            chown(disk.folder, postgres.user)
            postgres.execute("postgres", f"CREATE TABLESPACE small LOCATION '{disk.folder}'")
            desk = Desk(postgres, disk, migrated_postgres)
            monkeypatch.setenv("DATABASE_URL", desk.migrated)
            yield desk
            for setting in (desk.migrated, desk.empty):
                postgres.drop_database(setting.partition("?")[0].rpartition("/")[2])
            postgres.execute("postgres", "DROP TABLESPACE small")


async def run(*command: str) -> tuple[int, str]:
    result = await asyncio.to_thread(CliRunner().invoke, cli, command)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result.exit_code, result.output


async def test_commands_name_the_full_disk(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    desk.disk.fill()
    for command in WRITERS:
        code, output = await run(*command)
        assert (code, "No space left on device" in output) == (1, True), (command, output)
        assert "DATABASE_URL: the database " in output
    for command in READERS:
        assert (await run(*command))[0] == 0
    monkeypatch.setenv("DATABASE_URL", desk.empty)
    code, output = await run("migrate")
    assert (code, "No space left on device" in output) == (1, True), output
    desk.disk.make_room()
    assert (await run("migrate"))[0] == 0


async def test_a_server_waits_for_room(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)
    async with running_app(tmp_path, {"database_url": desk.migrated}) as app:
        desk.disk.fill()
        given = {"prompt": "A red fox", "model": FLUX, "idempotencyKey": "k"}
        assert await codes(app, CREATE_TEMPLATE) == [UNAVAILABLE]
        answer = await app.answer(GENERATE, input=given)
        assert [error["extensions"] for error in answer["errors"]] == [UNAVAILABLE]
        posted = {"name": "T", "model": FLUX}
        response = await app.client.post("/api/templates", json=posted)
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")
        assert (await app.ask("{ images { totalCount } }"))["images"] == {"totalCount": 0}
        await asyncio.to_thread(desk.disk.make_room)
        assert await codes(app, CREATE_TEMPLATE) == []
        assert (await app.image(idempotencyKey="k"))["prompt"]


async def codes(app: RunningApp, query: str) -> list[dict[str, object]]:
    answer = await app.answer(query)
    return [error["extensions"] for error in answer.get("errors", [])]
