"""Servers of two versions on one database: `make test-survival`, in a clone of the repository.

The version before is the commit before the newest migration, or VERSION_BEFORE, such as a tag.
"""

import asyncio
import io
import os
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from gql_server.database.engine.migration import head_revision
from tests.support.batch_client import BatchClient
from tests.support.postgres import PostgresServer
from tests.support.process import run_gql_server, server_process
from tests.support.running_app import FLUX, GENERATE

pytestmark = [pytest.mark.anyio, pytest.mark.survival]

ROOT: Final = Path(__file__).parents[2]
VERSIONS: Final = "gql_server/database/migrations/versions"
PAGE: Final = "{ images(first: 100) { edges { node { id cost prompt url } } } }"


def git(*arguments: str) -> bytes:
    command = ("git", *arguments)
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout


def commit_before() -> str:
    """Return the commit before the one that added the newest migration."""
    (newest,) = (ROOT / VERSIONS).glob(f"{head_revision()}_*.py")
    added = git("log", "--diff-filter=A", "--format=%H", "--", str(newest)).decode().split()
    return f"{added[-1]}~1"


def unpack(commit: str, folder: Path) -> str:
    """Unpack the server's code; return its newest revision."""
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit, "gql_server"))) as files:
        files.extractall(folder, filter="data")
    return max(path.name.partition("_")[0] for path in (folder / VERSIONS).glob("[0-9]*.py"))


async def generate(client: BatchClient, prompt: str) -> str:
    """Generate an image; return its ID."""
    variables = {"prompt": prompt, "model": FLUX}
    payload = (await client.ask(GENERATE, input=variables))["generateImage"]
    assert payload["userErrors"] == []
    image_id: str = payload["image"]["id"]
    return image_id


async def images(client: BatchClient) -> Sequence[str]:
    """Return the IDs of all images."""
    return [edge["node"]["id"] for edge in (await client.ask(PAGE))["images"]["edges"]]


async def test_the_version_before_works_while_this_one_migrates_and_serves(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    code = tmp_path / "before"
    revision = unpack(os.environ.get("VERSION_BEFORE") or commit_before(), code)
    assert revision < head_revision()
    settings = {"DATABASE_URL": postgres.setting(postgres.create_database())}
    old_settings = {**settings, "PYTHONPATH": str(code)}
    migrated = await run_gql_server("migrate", folder=tmp_path, settings=old_settings)
    assert f"at revision {revision}." in migrated[1]
    made: list[str] = []
    async with server_process(tmp_path, old_settings) as old_process:
        old = BatchClient(old_process.url)
        made.append(await generate(old, "Before the migration"))
        early = await old.generate(4)

        async def go_on() -> None:
            while True:
                made.append(await generate(old, "During the migration"))

        going_on = asyncio.create_task(go_on())
        code_of_migration, printed, _ = await run_gql_server(
            "migrate", folder=tmp_path, settings=settings
        )
        assert (code_of_migration, f"at revision {head_revision()}." in printed) == (0, True)
        async with server_process(tmp_path, settings) as new_process:
            new = BatchClient(new_process.url)
            late = await new.generate(4)
            made.append(await generate(new, "After the migration"))
            going_on.cancel()
            with pytest.raises(asyncio.CancelledError):  # it never failed
                await going_on
            made.append(await generate(old, "After the migration, by the version before"))
            for client in (old, new):
                for batch_id in (early, late):
                    assert (await client.ended(batch_id, seconds=120))["succeeded"] == 4
                assert {*made} <= {*await images(client)}
            old_process.process.terminate()
            _, logged = await old_process.end()
            assert "Traceback" not in logged
            assert await images(new)
    audited = await run_gql_server("audit", folder=tmp_path, settings=settings)
    assert audited[0] == 0, audited
    refused = await run_gql_server("serve", folder=tmp_path, settings=old_settings)
    assert (refused[0], f"its revision is {head_revision()}" in refused[2]) == (1, True)
