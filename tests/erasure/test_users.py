"""Everything of a user: exported, and erased so that a kill only delays it."""

import asyncio
import hashlib
import json
import os
import signal
import sys
import zipfile
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col
from typer.testing import CliRunner

from gql_server.access.keys import KeyDraft, create_key
from gql_server.cli.root import cli
from gql_server.database.tables.access import ApiKeyRow
from gql_server.database.tables.erasures import ErasureRow
from gql_server.database.tables.images import SourceImageRow
from gql_server.domain.budgets import BudgetPeriod
from gql_server.domain.principal import Role
from gql_server.ledger.adjustments import Adjustment, adjust
from gql_server.ledger.audit.audit import audit
from gql_server.ledger.budgets.budgets import BudgetRequest
from tests.database.rows import add_images
from tests.erasure.test_purge import COSTS, WORD, finished_batch, make_due, wordy
from tests.support.child import child_process
from tests.support.process import environment
from tests.support.running_app import RunningApp, png, running_app
from tests.support.waiting import WAIT_SECONDS
from tests.support.words import files_with, tables_with

pytestmark = pytest.mark.anyio

TEMPLATE = """mutation($input: CreateTemplateInput!) {
  createTemplate(input: $input) { template { id } userErrors { message } } }"""
DELETE = "mutation($id: ID!) { deleteImage(input: {id: $id}) { userErrors { message } } }"


async def key_of(app: RunningApp, user: str, role: Role = Role.CREATOR) -> str:
    budget = BudgetRequest(limit=10, period=BudgetPeriod.MONTHLY)
    draft = KeyDraft(user_id=user, role=role, name=f"the {user}'s {WORD}", budget=budget)
    return (await create_key(app.services.database, draft)).secret


def settings_of(app: RunningApp) -> dict[str, str]:
    """Return the environment of a command on the same data."""
    return {"DATA_DIR": str(app.settings.data_dir), "AUTH": "keys", "LOG_FORMAT": "json"}


async def test_a_user_is_exported_and_then_erased_while_the_server_runs(tmp_path: Path) -> None:
    async with running_app(tmp_path / "data", {"auth": "keys"}, runs_jobs=True) as app:
        admin = await key_of(app, "root", Role.ADMIN)
        bob = await key_of(app, "bob")
        ann = await key_of(app, "ann")
        app.client.headers["Authorization"] = f"Bearer {ann}"
        template = {"name": f"The {WORD}", "model": wordy()["model"], "defaultPrompt": WORD}
        await app.ask(TEMPLATE, input=template)
        image = await app.image(**wordy(idempotencyKey="one"))
        deleted = await app.image(**wordy())
        await app.ask(DELETE, id=deleted["id"])
        await finished_batch(app, f"{WORD} one", f"{WORD} two")
        upload = (await app.upload(png(32, 32)))["sourceImage"]
        await adjust(
            app.services.database, Adjustment(user_id="ann", amount=-5, reason=f"For the {WORD}")
        )
        app.client.headers["Authorization"] = f"Bearer {bob}"
        kept = await app.image(prompt="A red fox")
        app.client.headers["Authorization"] = f"Bearer {admin}"
        costs = await app.ask(COSTS)

        await check_export(app, tmp_path / "ann.zip", image, deleted, upload)

        refused = await command("erase", "ann", app=app, answer="n\n")
        assert refused[0] == 1
        assert "4 images" in refused[1]
        missing = await command("erase", "nobody", "--yes", app=app)
        assert missing[0] == 1
        assert "Nothing belongs to" in missing[1]
        code, printed = await command("erase", "ann", "--yes", app=app)
        assert code == 0, printed

        rows = app.services.database
        found = await tables_with(rows, WORD)
        assert found == {"api_keys"}  # those of the others
        assert await tables_with(rows, "ann's") == set()
        for url in (image["url"], deleted["url"], upload["url"]):
            assert (await app.client.get(url)).status_code == 404
        images = {Path(name).name for name in files_with(tmp_path / "data" / "images", "")}
        assert {name for name in images if "img_" in name} == {
            f"{kept['id']}.png",
            f".{kept['id']}.png.json",
        }
        assert not {name for name in images if "src_" in name}
        async with rows.read() as connection:
            left = [
                (await connection.execute(select(table).where(col(table.user_id) == "ann"))).all()
                for table in (ApiKeyRow, SourceImageRow)
            ]
        assert left == [[], []]
        assert await app.ask(COSTS) == costs
        assert (await audit(rows)).is_clean
        app.client.headers["Authorization"] = f"Bearer {ann}"
        assert (
            await app.client.post("/graphql", json={"query": "{ __typename }"})
        ).status_code == 401


async def check_export(
    app: RunningApp, target: Path, image: Any, deleted: Any, upload: Any
) -> None:
    code, printed = await command("export", "ann", str(target), app=app)
    assert code == 0, printed
    assert (await command("export", "ann", str(target), app=app))[0] == 1  # it exists
    assert (await asyncio.to_thread(target.stat)).st_mode & 0o077 == 0
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["user_id"] == "ann"
        assert manifest["files_missing"] == 0
        lists = {
            name: [json.loads(line) for line in archive.read(f"{name}.jsonl").splitlines()]
            for name in manifest["counts"]
        }
        assert manifest["counts"] == {name: len(entries) for name, entries in lists.items()}
        assert {name: len(entries) for name, entries in lists.items()} == {
            "images": 4,
            "uploads": 1,
            "templates": 1,
            "batches": 1,
            "costs": 5,
            "keys": 1,
            "webhooks": 0,
            "batch_items": 2,
            "budgets": 1,
        }
        by_id = {entry["id"]: entry for name in ("images", "uploads") for entry in lists[name]}
        for one in (image, deleted, upload):
            entry = by_id[one["id"]]
            data = archive.read(entry["file"])
            assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        assert by_id[image["id"]]["prompt"] == image["prompt"]
        assert by_id[image["id"]]["metadata"] == image["metadata"]
        assert "secret_hash" not in lists["keys"][0]


async def test_an_erasure_that_is_killed_goes_on_when_it_is_run_again(
    app: RunningApp,
) -> None:
    database = app.services.database
    number = 210
    await add_images(database, number, user_id="ann", prompt=f"The {WORD}", tags=[WORD])
    command_line = (sys.executable, "-m", "gql_server", "users", "erase", "ann", "--yes")
    async with child_process(
        *command_line, env=environment(settings_of(app)), stdout=PIPE, stderr=PIPE
    ) as process:
        async with asyncio.timeout(WAIT_SECONDS):
            while not 0 < (await erased(app))[1] < number:
                assert process.returncode is None
                await asyncio.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    first = await erased(app)
    assert 0 < first[1] < number
    assert "images" in await tables_with(database, WORD)
    await make_due(app)
    code, printed = await command("erase", "ann", "--yes", app=app)
    assert code == 0, printed
    erasure_id, purged, is_finished = await erased(app)
    assert (erasure_id, purged, is_finished) == (first[0], number, True)
    assert await tables_with(database, WORD) == set()
    assert files_with(app.settings.data_dir, WORD) == set()
    assert (await audit(database)).is_clean


async def erased(app: RunningApp) -> tuple[str, int, bool]:
    """Return the record of the erasure: its ID, how many images it purged, whether it ended."""
    async with app.services.database.read() as connection:
        columns = (col(ErasureRow.id), col(ErasureRow.purged), col(ErasureRow.finished_at))
        row = (await connection.execute(select(*columns))).one_or_none()
    return ("", 0, False) if row is None else (row[0], row[1], row[2] is not None)


async def command(*arguments: str, app: RunningApp, answer: str = "") -> tuple[int, str]:
    """Run ``gql-server users`` in a thread; return its exit code and everything it printed."""
    runner = CliRunner(env=settings_of(app))
    done = await asyncio.to_thread(runner.invoke, cli, ["users", *arguments], input=answer)
    return done.exit_code, done.output
