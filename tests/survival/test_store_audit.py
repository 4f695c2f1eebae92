"""The audit of a folder with a hundred thousand images: its memory, and a kill halfway."""

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from gql_server.bootstrap.store_identity import adopt
from gql_server.database.engine.engine import Database
from gql_server.database.queries.store_audits import AuditPurpose, find_store_audit
from gql_server.ledger.audit.store import audit_store
from gql_server.storage.folder import FolderStore
from gql_server.storage.store import StoredObject
from tests.database.rows import add_many_images
from tests.support.r2_stores import r2_stores
from tests.support.s3 import S3Server
from tests.support.sqlite import make_sqlite
from tests.support.waiting import WAIT_SECONDS

pytestmark = [pytest.mark.anyio, pytest.mark.survival]

IMAGES = 100_000
MIB = 1024 * 1024
MAX_RSS = 220 * MIB
"""Some 150 MiB of it are the code."""


def make_files(folder: Path) -> None:
    """Link one object under very many keys, except under every thousandth."""
    model, sidecar = folder / "model.png", folder / ".model.png.json"
    for number in range(IMAGES):
        if number % 1000:
            name = f"img_{number:09}.png"
            os.link(model, folder / name)
            os.link(sidecar, folder / f".{name}.json")
    model.unlink()
    sidecar.unlink()


def run_audit(data_dir: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "gql_server", "audit", "--store", "--json", *options]
    environment = os.environ | {"DATA_DIR": str(data_dir)}
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=data_dir,
    )


async def place(database: Database) -> str:
    async with database.read() as connection:
        found = await find_store_audit(connection, AuditPurpose.COMMAND)
    return found.until if found is not None and not found.state["is_finished"] else ""


async def test_a_large_folder_is_compared_in_little_memory_and_after_a_kill(
    tmp_path: Path,
) -> None:
    make_sqlite(tmp_path / "gql_server.db")
    database = Database(URL.create("sqlite+aiosqlite", database=str(tmp_path / "gql_server.db")))
    store = FolderStore(tmp_path / "images", "http://127.0.0.1:8000")
    await adopt(database, store)
    await store.put("generated/model.png", StoredObject(data=b"bytes", content_type="image/png"))
    await add_many_images(database, 0, IMAGES)
    old = datetime(2026, 1, 1).timestamp()  # noqa: DTZ001 - any time long ago
    os.utime(tmp_path / "images/generated/model.png", (old, old))
    await asyncio.to_thread(make_files, tmp_path / "images/generated")

    killed = run_audit(tmp_path)
    deadline = time.monotonic() + WAIT_SECONDS
    while not await place(database):
        assert killed.poll() is None, "it was done before it could be killed"
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    killed.kill()
    await asyncio.to_thread(killed.communicate)
    reached = await place(database)
    assert reached.startswith("generated/img_")

    continued = run_audit(tmp_path)
    output, log = await asyncio.to_thread(continued.communicate)
    assert "Continues the audit" in log
    report: dict[str, Any] = json.loads(output)
    assert (report["rows"], report["objects"]) == (IMAGES, IMAGES - IMAGES // 1000)
    assert report["missing"]["count"] == IMAGES // 1000
    assert report["orphans"]["count"] == 0
    assert continued.returncode == 1

    whole = run_audit(tmp_path, "--restart")
    assert whole.stdout is not None
    await asyncio.to_thread(whole.stdout.read)
    _, _, usage = await asyncio.to_thread(os.wait4, whole.pid, 0)
    whole.returncode = 0
    assert usage.ru_maxrss * 1024 < MAX_RSS, f"{usage.ru_maxrss / 1024} MiB"
    assert whole.stderr is not None
    for pipe in (whole.stdout, whole.stderr):
        pipe.close()
    await database.close()


async def test_a_bucket_of_some_pages_is_compared(tmp_path: Path, s3: S3Server) -> None:
    objects = 2_500
    make_sqlite(tmp_path / "gql_server.db")
    database = Database(URL.create("sqlite+aiosqlite", database=str(tmp_path / "gql_server.db")))
    await add_many_images(database, 1, objects)
    async with r2_stores(s3, s3.make_bucket()) as open_store:
        store = await open_store(public_url=None)
        slots = asyncio.Semaphore(8)

        async def put(number: int) -> None:
            async with slots:
                stored = StoredObject(data=b"bytes", content_type="image/png")
                await store.put(f"generated/img_{number:09}.png", stored)

        # The first object belongs to no image, and the last image has no object.
        await asyncio.gather(*map(put, range(objects)))
        report = await audit_store(database, store, grace=timedelta(seconds=-5), repair=True)
        assert (report.rows, report.missing.names) == (objects, [f"img_{objects:09}"])
        assert report.orphans.names == ["generated/img_000000000.png"]
        report = await audit_store(database, store, grace=timedelta(seconds=-5))
        assert (report.agrees, report.objects, report.known) == (True, objects - 1, 1)
    await database.close()
