"""The store compared with the database: a folder with SQLite, a bucket with PostgreSQL."""

import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.engine import URL
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.queries.idempotency_keys import KeyScope, claim_key
from gql_server.database.queries.images import find_images
from gql_server.database.queries.remote_images import add_remote_image
from gql_server.database.queries.source_images import find_source_images, insert_source_image
from gql_server.database.tables.images import ImageRow, SourceImageRow
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.domain.clock import now
from gql_server.domain.ids import new_id
from gql_server.ledger.audit.store import AnothersObjects, audit_store
from gql_server.ledger.audit.store_report import StoreReport
from gql_server.storage.folder import FolderStore
from gql_server.storage.store import QUARANTINE, Store, StoredObject
from tests.database.batch_rows import add_batch
from tests.database.rows import add_image
from tests.support.postgres import PostgresServer
from tests.support.r2_stores import OpenR2, r2_stores
from tests.support.s3 import S3Server
from tests.support.sqlite import make_sqlite

pytestmark = pytest.mark.anyio

NO_GRACE = timedelta(seconds=-5)
"""Everything is judged, what was made at this moment too."""


@dataclass(frozen=True)
class AuditedStore:
    """A store and its database."""

    store: Store
    database: Database

    async def put(self, key: str, data: bytes = b"bytes") -> None:
        assert await self.store.put(key, StoredObject(data=data, content_type="image/png"))

    async def image(self, *, with_file: bool = True, size: int = 5) -> str:
        image = await add_image(self.database, size_bytes=size)
        if with_file:
            await self.put(image.storage_key)
        return image.id

    async def audit(
        self, *, repair: bool = False, force: bool = False, grace: timedelta = NO_GRACE
    ) -> StoreReport:
        return await audit_store(self.database, self.store, repair=repair, force=force, grace=grace)

    async def is_missing(self, image_id: str) -> bool:
        async with self.database.read() as connection:
            found = await find_images(connection, [image_id], user_id=None)
        return found[image_id]["missing_since"] is not None


@pytest.fixture
async def open_r2(s3: S3Server) -> AsyncIterator[OpenR2]:
    async with r2_stores(s3, s3.make_bucket()) as open_store:
        yield open_store


@pytest.fixture(params=["a folder and SQLite", "a bucket and PostgreSQL"])
async def audited(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    open_r2: OpenR2,
    postgres: PostgresServer,
    migrated_postgres: str,
) -> AsyncIterator[AuditedStore]:
    if "SQLite" in request.param:
        make_sqlite(tmp_path / "test.db")
        database = Database(URL.create("sqlite+aiosqlite", database=str(tmp_path / "test.db")))
        store: Store = FolderStore(tmp_path / "objects", "http://127.0.0.1:8000")
    else:
        database = Database(postgres.url(postgres.create_database(migrated_postgres)))
        store = await open_r2(public_url=None)
    yield AuditedStore(store, database)
    await database.close()


async def test_what_agrees_is_clean(audited: AuditedStore) -> None:
    for _ in range(3):
        await audited.image()
    report = await audited.audit()
    assert (report.is_clean, report.rows, report.objects) == (True, 3, 3)


async def test_both_kinds_are_found_and_repaired(audited: AuditedStore) -> None:
    kept, gone, damaged = (
        await audited.image(),
        await audited.image(with_file=False),
        await audited.image(size=6),
    )
    orphan = f"generated/{new_id('img')}.png"
    await audited.put(orphan, b"nobody's")
    await audited.put("sources/a-note.txt")
    report = await audited.audit()
    assert not report.is_clean
    assert (report.missing.names, report.damaged.names) == ([gone], [damaged])
    assert sorted(report.orphans.names) == [orphan, "sources/a-note.txt"]
    assert report.orphan_bytes == len(b"nobody's") + len(b"bytes")
    assert await audited.store.get(orphan) is not None, "an audit changes nothing"
    assert not await audited.is_missing(gone)

    assert (await audited.audit(repair=True)).is_clean
    assert [await audited.is_missing(one) for one in (kept, gone, damaged)] == [False, True, True]
    assert await audited.store.get(orphan) is None
    assert await audited.store.exists(f"{QUARANTINE}{orphan}")
    again = await audited.audit()
    assert (again.is_clean, again.known, again.orphans.count) == (True, 2, 0)


async def test_a_returned_file_is_no_longer_marked(audited: AuditedStore) -> None:
    image_id = await audited.image(with_file=False)
    await audited.audit(repair=True)
    await audited.put(f"generated/{image_id}.png")
    assert (await audited.audit()).returned.names == [image_id]
    await audited.audit(repair=True)
    assert not await audited.is_missing(image_id)
    assert (await audited.audit()).is_clean


async def test_uploads_are_compared_too(audited: AuditedStore) -> None:
    rows = [
        SourceImageRow(
            id=(upload_id := new_id("src")),
            user_id="ann",
            storage_key=f"sources/{upload_id}.png",
            width=1,
            height=1,
            content_type="image/png",
            size_bytes=5,
            created_at=now(),
            deleted_at=deleted_at,
        )
        for deleted_at in (None, None, now())
    ]
    async with audited.database.write() as connection:
        for row in rows:
            await insert_source_image(connection, row)
    kept, gone, deleted = rows
    await audited.put(kept.storage_key)
    await audited.put(deleted.storage_key)
    report = await audited.audit(repair=True)
    assert (report.missing.names, report.orphans.names) == ([gone.id], [deleted.storage_key])
    async with audited.database.read() as connection:
        found = await find_source_images(connection, [kept.id, gone.id], user_id="ann")
    assert [found[row.id].missing_since is None for row in (kept, gone)] == [True, False]


async def test_what_may_still_be_recorded_belongs_to_someone(audited: AuditedStore) -> None:
    keyed, young, remembered = (new_id("img") for _ in range(3))
    _, (item,) = await add_batch(audited.database, user_id="ann")
    async with audited.database.write() as connection:
        await claim_key(
            connection,
            KeyScope(user_id="ann", operation="generateImage", key="k"),
            input_hash="x",
            result_id=keyed,
            accepted=None,
            process_id="",
        )
    await add_remote_image(
        audited.database,
        RemoteImageRow(
            image_id=remembered,
            user_id="ann",
            url="https://example.com/x",
            expires_at=now(),
            seconds=1,
            request={},
            accepted={},
            next_try_at=now(),
            created_at=now(),
        ),
    )
    for image_id in (keyed, item.image_id, remembered):
        await audited.put(f"generated/{image_id}.png")
    assert (await audited.audit()).is_clean
    await audited.put(f"generated/{young}.png")
    image = await add_image(audited.database, created_at=now())
    assert (await audited.audit(grace=timedelta(hours=1))).is_clean
    report = await audited.audit()
    assert (report.missing.names, report.orphans.count) == ([image.id], 1)


async def test_a_store_of_others_is_left_alone(audited: AuditedStore) -> None:
    await audited.image()
    for number in range(101):
        await audited.put(f"generated/other-{number}.png")
    with pytest.raises(AnothersObjects, match="101 of 102"):
        await audited.audit(repair=True)
    assert await audited.store.exists("generated/other-7.png")
    assert (await audited.audit(repair=True, force=True)).orphans.count == 101
    assert not await audited.store.exists("generated/other-7.png")


async def test_more_than_a_page_is_compared(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.storage.folder._PAGE", 3)
    monkeypatch.setattr("gql_server.ledger.audit.store_comparison._ROWS_AT_ONCE", 2)
    monkeypatch.setattr("gql_server.storage.folder_listing._NAMES_AT_ONCE", 4)
    audited = AuditedStore(FolderStore(tmp_path / "objects", "http://127.0.0.1:8000"), database)
    ids = [await audited.image(with_file=number % 3 != 0) for number in range(20)]
    await audited.put("generated/zzz.png")
    report = await audited.audit()
    assert (report.rows, report.objects) == (20, 14)
    assert sorted(report.missing.names) == sorted(ids[::3])
    assert report.orphans.names == ["generated/zzz.png"]


async def test_bytes_that_nothing_describes_are_no_file(tmp_path: Path, database: Database) -> None:
    root = tmp_path / "objects"
    audited = AuditedStore(FolderStore(root, "http://127.0.0.1:8000"), database)
    image_id = await audited.image()
    (root / f"generated/.{image_id}.png.json").unlink()
    (root / "generated/left.png").write_bytes(b"left")
    old = time.time() - 7 * 24 * 3600
    os.utime(root / "generated/left.png", (old, old))
    report = await audited.audit(grace=timedelta(hours=1))
    assert report.orphans.names == ["generated/left.png"]
    assert (await audited.audit()).missing.names == [image_id]


async def test_files_of_deleted_images_are_compared_where_they_are(audited: AuditedStore) -> None:
    ids = sorted([await audited.image() for _ in range(3)])
    hidden = {
        one: f"withheld/{letter * 32}-{one}.png" for one, letter in zip(ids, "cab", strict=True)
    }
    async with audited.database.write() as connection:
        for one in ids:
            await connection.execute(
                update(ImageRow)
                .where(col(ImageRow.id) == one)
                .values(deleted_at=now(), withheld_at=now(), withheld_key=hidden[one])
            )
    for one in ids[:2]:
        await audited.store.withhold(f"generated/{one}.png", hidden[one])
    await audited.store.delete(f"generated/{ids[2]}.png")
    await audited.put(f"withheld/{'d' * 32}-other.png")
    report = await audited.audit(repair=True)
    assert (report.rows, report.objects, report.missing.names) == (3, 3, [ids[2]])
    assert report.orphans.names == [f"withheld/{'d' * 32}-other.png"]
    assert await audited.store.exists(hidden[ids[0]])
