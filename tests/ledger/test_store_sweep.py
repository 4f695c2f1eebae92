"""An audit of the store that is interrupted, one of very many objects, and the nightly sweep."""

import asyncio
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from gql_server.bootstrap.metrics import _of_store
from gql_server.bootstrap.store_identity import adopt
from gql_server.database.engine.engine import Database
from gql_server.database.queries.store_audits import AuditPurpose, find_store_audit
from gql_server.domain.clock import now
from gql_server.ledger.audit.store import AuditProgress, audit_store
from gql_server.ledger.audit.store_report import StoreReport
from gql_server.ledger.audit.store_sweep import sweep_store
from gql_server.storage.folder import FolderStore
from gql_server.storage.store import (
    ListedObject,
    StoredObject,
    StoreMisconfigured,
    StoreUnavailable,
)
from tests.database.rows import add_image, add_many_images
from tests.support.running_app import running_app
from tests.support.sqlite import make_sqlite
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

OLD = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING_IS_YOUNG = timedelta(seconds=-5)
MIB = 1024 * 1024


class FailingStore(FolderStore):
    """Does not answer after some pages of a listing, as if the audit was killed there."""

    pages_left: int | None = None

    async def listing(
        self, prefix: str, *, after: str = ""
    ) -> AsyncGenerator[Sequence[ListedObject]]:
        async for page in super().listing(prefix, after=after):
            if self.pages_left is not None:
                if self.pages_left == 0:
                    raise StoreUnavailable("gone")
                self.pages_left -= 1
            yield page


class HugeStore(FolderStore):
    """Lists very many objects, none of which takes any room."""

    objects = 0

    async def listing(
        self, prefix: str, *, after: str = ""
    ) -> AsyncGenerator[Sequence[ListedObject]]:
        assert after in {"", prefix}
        for first in range(0, self.objects if prefix == "generated/" else 0, 1000):
            yield [
                ListedObject(key=f"generated/img_{number:09}.png", size_bytes=5, modified_at=OLD)
                for number in range(first, first + 1000)
            ]


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    make_sqlite(tmp_path / "test.db")
    database = Database(URL.create("sqlite+aiosqlite", database=str(tmp_path / "test.db")))
    yield database
    await database.close()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FailingStore:
    monkeypatch.setattr("gql_server.storage.folder._PAGE", 3)
    monkeypatch.setattr("gql_server.ledger.audit.store._SECONDS_BETWEEN_WRITES", 0)
    return FailingStore(tmp_path / "objects", "http://127.0.0.1:8000")


async def add_images(database: Database, store: FolderStore, count: int) -> None:
    """Add images, every third of them without its file."""
    for number in range(count):
        image = await add_image(database, size_bytes=5)
        if number % 3:
            stored = StoredObject(data=b"bytes", content_type="image/png")
            assert await store.put(image.storage_key, stored)


async def test_an_interrupted_audit_is_continued(sqlite: Database, store: FailingStore) -> None:
    await add_images(sqlite, store, 20)
    given: dict[str, Any] = {"grace": NOTHING_IS_YOUNG}
    whole = await audit_store(sqlite, store, **given)
    assert (whole.rows, whole.objects, whole.missing.count) == (20, 13, 7)

    store.pages_left = 2
    with pytest.raises(StoreUnavailable):
        await audit_store(sqlite, store, **given)
    store.pages_left = 3  # of the five pages that there are
    shown: list[AuditProgress] = []
    assert await audit_store(sqlite, store, **given, on_progress=shown.append) == whole
    assert shown[0].resumed_at is not None
    assert (shown[0].total_rows, shown[-1].report.rows) == (20, 20)

    store.pages_left = 1
    with pytest.raises(StoreUnavailable):
        await audit_store(sqlite, store, **given, repair=True)
    store.pages_left = None
    shown.clear()
    await audit_store(sqlite, store, **given, on_progress=shown.append)
    assert shown[0].resumed_at is None, "one with other options is another audit"


async def test_interrupted_repairs_are_continued(sqlite: Database, store: FailingStore) -> None:
    await add_images(sqlite, store, 20)
    for name in ("generated/0.png", "generated/zz.png"):
        await store.put(name, StoredObject(data=b"bytes", content_type="image/png"))
    store.pages_left = 5 + 2
    with pytest.raises(StoreUnavailable):
        await audit_store(sqlite, store, grace=NOTHING_IS_YOUNG, repair=True)
    store.pages_left = None
    repaired = await audit_store(sqlite, store, grace=NOTHING_IS_YOUNG, repair=True)
    assert (repaired.rows, repaired.missing.count) == (20, 7)
    assert repaired.orphans.names == ["generated/0.png", "generated/zz.png"]
    again = await audit_store(sqlite, store, grace=NOTHING_IS_YOUNG)
    assert (again.is_clean, again.known) == (True, 7)


async def test_memory_does_not_grow_with_the_store(sqlite: Database, tmp_path: Path) -> None:
    store = HugeStore(tmp_path / "objects", "http://127.0.0.1:8000")
    peaks = []
    for count in (3_000, 9_000):  # tests/survival has a hundred thousand files
        await add_many_images(sqlite, store.objects, count)
        store.objects += count
        tracemalloc.start(1)
        report = await audit_store(sqlite, store, grace=NOTHING_IS_YOUNG)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (report.rows, report.objects) == (store.objects, store.objects)
        assert report.agrees
    assert peaks[1] < peaks[0] + MIB / 2


async def test_an_audit_of_another_store_is_not_continued(
    sqlite: Database, store: FailingStore, tmp_path: Path
) -> None:
    await adopt(sqlite, store)
    await add_images(sqlite, store, 20)
    store.pages_left = 2
    with pytest.raises(StoreUnavailable):
        await audit_store(sqlite, store, grace=NOTHING_IS_YOUNG)
    other = FolderStore(tmp_path / "other", "http://127.0.0.1:8000")
    await adopt(sqlite, other)
    assert (await audit_store(sqlite, other, grace=NOTHING_IS_YOUNG)).missing.count == 20


async def test_a_running_server_compares_its_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.bootstrap.services._STORE_SWEEP_SECONDS", 0.01)
    async with running_app(tmp_path, runs_jobs=True) as app, asyncio.timeout(WAIT_SECONDS):
        await app.image()
        objects = -1
        while objects < 0:
            await asyncio.sleep(0.01)
            async with app.services.database.read() as connection:
                found = await find_store_audit(connection, AuditPurpose.SWEEP)
            objects = (found.last_report or {}).get("objects", -1) if found else -1
        text = (await app.client.get("/metrics")).text
        assert 'gql_server_store_differences{kind="missing"} 0.0' in text


def gauges(found: Any) -> dict[str, float]:
    """Return the values of the metrics of the store by kind."""
    return {
        sample.labels.get("kind", sample.name): sample.value
        for family in _of_store(found)
        for sample in family.samples
    }


async def test_a_part_of_the_store_is_compared_each_night(
    sqlite: Database, store: FailingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def night(days: int) -> StoreReport | None:
        moment = (now() + timedelta(days=days)).replace(hour=4)
        monkeypatch.setattr("gql_server.ledger.audit.store_sweep.now", lambda: moment)
        return await sweep_store(sqlite, store)

    async def metrics() -> dict[str, float]:
        async with sqlite.read() as connection:
            return gauges(await find_store_audit(connection, AuditPurpose.SWEEP))

    monkeypatch.setattr("gql_server.ledger.audit.store_sweep.MIN_PART", 12)
    await store.check()
    await add_images(sqlite, store, 20)
    assert (await metrics())["missing"] == 0
    found = [await night(days) for days in (2, 2, 3, 4)]
    assert [one and (one.objects, one.missing.count) for one in found] == [
        (6, 3),
        None,  # the same night
        (12, 6),
        (13, 7),
    ]
    counts = await metrics()
    assert 0 <= counts.pop("gql_server_store_compared_age_seconds") < WAIT_SECONDS
    assert counts == {"missing": 7, "damaged": 0, "orphan": 0, "marked": 0}
    again = await night(5)
    assert again is not None
    assert again.objects == 6, "it begins again"
    assert (await metrics())["missing"] == 7, "what the last round found counts until the next one"
    await audit_store(sqlite, store, repair=True, grace=NOTHING_IS_YOUNG)
    assert [(await metrics())[kind] for kind in ("missing", "marked")] == [0, 7]


async def test_a_store_that_is_not_there_is_not_compared(
    sqlite: Database, store: FailingStore, tmp_path: Path
) -> None:
    await add_images(sqlite, store, 3)
    store.require_marker("sto_x")
    with pytest.raises(StoreMisconfigured):
        await sweep_store(sqlite, store)
    async with sqlite.read() as connection:
        found = await find_store_audit(connection, AuditPurpose.SWEEP)
    assert found is not None
    assert gauges(found)["missing"] == 0
    assert not (tmp_path / "objects/.quarantine").exists()
