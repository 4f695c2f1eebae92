"""``/ready`` says whether a request could be carried out, and why not."""

import asyncio
import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gql_server.storage import disk
from gql_server.web import health
from tests.support.running_app import RunningApp

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)


async def ready(app: RunningApp) -> tuple[int, dict[str, Any]]:
    response = await app.client.get("/ready")
    return response.status_code, response.json()


async def test_a_locked_database_is_not_ready(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await ready(app) == (200, {"status": "ok", "database": "ok", "store": "ok"})
    monkeypatch.setattr(health, "_CHECK_SECONDS", 0.5)
    file = app.settings.data_dir / "gql_server.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        status, body = await ready(app)
        other.execute("ROLLBACK")
    problems = {"database": "It did not answer within 0.5 seconds."}
    assert (status, body["problems"]) == (503, problems)
    monkeypatch.setattr(health, "_CHECK_SECONDS", 20.0)
    assert (await ready(app))[0] == 200


async def test_a_full_disk_is_not_ready(app: RunningApp, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        path.write_bytes(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(disk, "write_synced", full)
        status, body = await ready(app)
    assert status == 503
    assert body == {
        "status": "failing",
        "database": "failing",
        "store": "failing",
        "problems": {
            "database": "The folder could not take a file: No space left on device.",
            "store": "The folder could not check: No space left on device.",
        },
    }
    left = [path.name for path in app.settings.data_dir.rglob("*check*")]
    assert left == []


async def test_those_who_ask_at_once_cost_one_check(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_KEPT_SECONDS", 60.0)
    checked = 0

    async def check() -> None:
        nonlocal checked
        checked += 1

    monkeypatch.setattr(app.services.store, "check", check)
    answers = await asyncio.gather(*(ready(app) for _ in range(20)))
    assert (checked, {status for status, _ in answers}) == (1, {200})
