"""The restore drill: a backup of a server that works, restored after the server is lost."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gql_server.ledger.audit.audit import audit
from tests.backup.conftest import Command, run_beside
from tests.batches.conftest import BatchHarness
from tests.support.running_app import RunningApp, png, running_app, workers_ai_settings
from tests.support.waiting import WAIT_SECONDS, until
from tests.support.workers_ai_app import FakeWorkersAI, RecordedRequest

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

COSTS = "{ costAnalytics { totalCost totalImages } viewer { webhookSecrets } }"
IMAGES = "{ images(first: 50) { edges { node { id url } } } }"
DELETED = "{ images(first: 50, filter: {deleted: ONLY}) { edges { node { id } } } }"
END = "query E($id: ID!) { batch(id: $id) { finishedAt } }"
UNDELETE = "mutation U($id: ID!) { restoreImage(input: {id: $id}) { image { url } } }"
DELETE = "mutation D($id: ID!) { deleteImage(input: {id: $id}) { userErrors { message } } }"


async def files_of(app: RunningApp) -> dict[str, bytes]:
    """Return the bytes of every image, as its URL answers."""
    found = {}
    for edge in (await app.ask(IMAGES))["images"]["edges"]:
        image = edge["node"]
        response = await app.client.get(image["url"])
        assert response.status_code == 200, image
        found[image["id"]] = response.content
    return found


async def finished(harness: BatchHarness, batch_id: str) -> dict[str, Any]:
    """Wait for the end of a batch; return it."""
    async with asyncio.timeout(WAIT_SECONDS):
        while (await harness.app.ask(END, id=batch_id))["batch"]["finishedAt"] is None:
            await asyncio.sleep(0.05)
    return await harness.read(batch_id)


@dataclass(frozen=True)
class LostServer:
    """What a server had and paid for at its backup, and after it.

    Attributes:
        settings: Its settings.
        files: The bytes of its images by ID, at the backup.
        costs: The costs at the backup.
        kept: The image of a request that had finished.
        deleted: The ID of a deleted image.
        upload: The URL of an upload.
        batch_id: A batch that had not finished.
        finished_late: The image of a request that had not finished, and then did.
        later: An image of after the backup.
    """

    settings: Mapping[str, Any]
    files: Mapping[str, bytes]
    costs: Mapping[str, Any]
    kept: Mapping[str, Any]
    deleted: str
    upload: str
    batch_id: str
    finished_late: Mapping[str, Any]
    later: Mapping[str, Any]


async def lose_server(folder: Path, place: Path, fake_workers_ai: FakeWorkersAI) -> LostServer:
    """Run a server, back it up while it generates, and stop it some images later."""
    settings = workers_ai_settings(fake_workers_ai) | {"batch_concurrency": 2}
    calls = fake_workers_ai.requests
    async with running_app(folder, settings, runs_jobs=True) as app:
        kept = await app.image(idempotencyKey="kept")
        deleted = (await app.image())["id"]
        assert (await app.ask(DELETE, id=deleted))["deleteImage"]["userErrors"] == []
        upload = (await app.upload(png(64, 64)))["sourceImage"]["url"]
        files, costs = await files_of(app), await app.ask(COSTS)
        harness = BatchHarness(app)
        with fake_workers_ai.held():
            batch_id = await harness.batch(4)
            under_way = asyncio.create_task(app.generate(idempotencyKey="under way"))
            await until(lambda: len(calls) == 2 + 3)
            status, output = await run_beside(folder, "backup", place)
        assert (status, "webhook_secret" in output) == (0, True), output
        finished_late = (await under_way)["image"]
        assert (await finished(harness, batch_id))["succeeded"] == 4
        later = await app.image()
    assert len(calls) == 2 + 4 + 1 + 1
    return LostServer(settings, files, costs, kept, deleted, upload, batch_id, finished_late, later)


async def check_restored(
    app: RunningApp, lost: LostServer, calls: Sequence[RecordedRequest]
) -> None:
    """Check a server whose images are lost, too, as far as they are younger than the backup."""
    harness, paid = BatchHarness(app), len(calls)
    assert await files_of(app) == lost.files
    assert await app.ask(COSTS) == lost.costs
    assert (await app.client.get(urlsplit(lost.upload).path)).is_success
    (deleted,) = (await app.ask(DELETED))["images"]["edges"]
    assert deleted["node"]["id"] == lost.deleted
    found = (await app.ask(UNDELETE, id=lost.deleted))["restoreImage"]["image"]
    assert (await app.client.get(found["url"])).is_success
    assert (await app.image(idempotencyKey="kept"))["id"] == lost.kept["id"]
    (error,) = (await app.generate(idempotencyKey="under way"))["userErrors"]
    assert error["__typename"] == "GenerationFailed"
    assert "another idempotency key" in error["message"]
    batch = await harness.read(lost.batch_id)
    assert (batch["status"], batch["pausedReason"]) == ("PAUSED", "RESTORED")
    assert (batch["queued"], batch["resumesAt"]) == (4, None)
    assert len(calls) == paid, "nothing was paid for"
    assert (await harness.change("resumeBatch", lost.batch_id))["userErrors"] == []
    batch = await finished(harness, lost.batch_id)
    assert (batch["succeeded"], len(calls)) == (4, paid + 4)
    spent = (await app.ask(COSTS))["costAnalytics"]["totalCost"]
    before = lost.costs["costAnalytics"]["totalCost"]
    assert round(spent - before, 9) == batch["cost"]
    assert (await audit(app.services.database)).is_clean


async def check_database_restored(
    app: RunningApp, lost: LostServer, calls: Sequence[RecordedRequest]
) -> None:
    """Check a server that has all its images: those of after the backup are used."""
    harness, paid = BatchHarness(app), len(calls)
    again = await app.image(idempotencyKey="under way")
    assert again["id"] == lost.finished_late["id"]
    assert (await harness.change("resumeBatch", lost.batch_id))["userErrors"] == []
    assert (await finished(harness, lost.batch_id))["succeeded"] == 4
    assert len(calls) == paid, "nothing was paid for a second time"
    assert (await audit(app.services.database)).is_clean


async def test_a_backup_of_a_working_server_is_restored_without_paying_twice(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, command: Command
) -> None:
    folder, place, new = tmp_path / "lost", tmp_path / "backup", tmp_path / "restored"
    lost = await lose_server(folder, place, fake_workers_ai)
    calls = fake_workers_ai.requests

    result = await command(new, "restore", place)
    assert result.exit_code == 0, result.output
    assert "1 unfinished batches are paused, with 4 images" in result.output
    async with running_app(new, lost.settings, runs_jobs=True) as app:
        await check_restored(app, lost, calls)

    for file in folder.glob("gql_server.*"):
        file.unlink()
    result = await command(folder, "restore", place)
    assert result.exit_code == 0, result.output
    assert f"{lost.later['r2Key']}: belongs to no image" in result.output
    async with running_app(folder, lost.settings, runs_jobs=True) as app:
        await check_database_restored(app, lost, calls)
