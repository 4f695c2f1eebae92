"""Comparing the store with the database: every object with every row, in both directions.

Both are read in the order of their keys and merged, one page at a time: memory use does not
grow with the number of images. An object is listed before its row is read, so that one deleted
meanwhile is not reported as lost: a row is deleted before its bytes.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from gql_server.database.engine.engine import Database
from gql_server.database.queries.stores import (
    StoredRow,
    expected_images,
    recorded_keys,
    set_missing,
    stored_rows,
)
from gql_server.database.records.stored_files import StoredFile
from gql_server.database.tables.images import ImageRow, SourceImageRow
from gql_server.domain.clock import now
from gql_server.storage.store import ListedObject, Store

DEFAULT_GRACE: Final = timedelta(hours=24)
"""Younger objects are skipped: their image may still be recorded, and clocks differ."""

MAX_NAMED: Final = 100

_PREFIXES: Final[Sequence[tuple[str, StoredRow]]] = (
    ("generated/", ImageRow),
    ("sources/", SourceImageRow),
)
_ROWS_AT_ONCE: Final = 1_000
_FEW: Final = 20
_AFTER_ALL: Final = "\x7f"
"""Sorts after every character of a key."""

log = structlog.get_logger(__name__)


class AnothersObjects(Exception):
    """Most objects are unreferenced: another database may use the store; says what to do."""


@dataclass(slots=True)
class Finding:
    """One kind of finding: how often, and the first 100 names.

    Attributes:
        count: How often it was found.
        names: Keys of objects, or IDs of images and uploads.
    """

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.names) < MAX_NAMED:
            self.names.append(name)


@dataclass(slots=True)
class StoreReport:
    """The result of an audit of the store.

    Attributes:
        rows: Images and uploads that should have a file.
        objects: Objects in the store.
        missing: Images and uploads whose file is missing.
        damaged: Those whose file has another size than was written.
        known: Those that were marked as missing before, and still are.
        returned: Those that were marked as missing and whose file exists again.
        orphans: Objects that belong to no image and no upload.
        orphan_bytes: Total size of the orphans.
        is_repaired: Whether rows were marked and orphans moved aside.
    """

    rows: int = 0
    objects: int = 0
    missing: Finding = field(default_factory=Finding)
    damaged: Finding = field(default_factory=Finding)
    known: int = 0
    returned: Finding = field(default_factory=Finding)
    orphans: Finding = field(default_factory=Finding)
    orphan_bytes: int = 0
    is_repaired: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether the store and the database match, or differences are marked."""
        found = (self.missing, self.damaged, self.returned, self.orphans)
        return self.is_repaired or not any(finding.count for finding in found)


async def audit_store(
    database: Database,
    store: Store,
    *,
    repair: bool = False,
    force: bool = False,
    grace: timedelta = DEFAULT_GRACE,
) -> StoreReport:
    """Compare every object with every row; the server may be running.

    With ``repair``, rows whose file is missing are marked, and marks of rows whose file exists
    again are removed; unreferenced objects are moved to ``.quarantine``. No bytes are deleted.

    Args:
        database: The database.
        store: Its store.
        repair: Whether to mark and to move.
        force: Whether to move objects even if most of them are unreferenced.
        grace: Objects younger than this are skipped.

    Raises:
        AnothersObjects: Most objects are unreferenced, and ``force`` is not set.
        StoreUnavailable, StoreMisconfigured: The store cannot be read.
        DatabaseUnavailable: The database cannot be read.
    """
    before = now() - grace
    report = await _Audit(database, store, before=before, repairs=False).run()
    if not repair or report.is_clean:
        return report
    if not force and report.orphans.count > max(MAX_NAMED, report.objects // 2):
        raise AnothersObjects(
            f"{report.orphans.count} of {report.objects} objects are unreferenced here. Another "
            "database may use this store. Nothing was changed; to move them aside anyway, add "
            "--force."
        )
    return await _Audit(database, store, before=before, repairs=True).run()


class _Audit:
    def __init__(
        self, database: Database, store: Store, *, before: datetime, repairs: bool
    ) -> None:
        self._database = database
        self._store = store
        self._before = before
        self._repairs = repairs
        self._report = StoreReport(is_repaired=repairs)

    async def run(self) -> StoreReport:
        for prefix, table in _PREFIXES:
            after = prefix
            async for page in self._store.listing(prefix):
                until = page[-1].key
                await self._compare(table, page, after=after, until=until)
                after = until
            await self._compare(table, (), after=after, until=f"{prefix}{_AFTER_ALL}")
        return self._report

    async def _compare(
        self, table: StoredRow, page: Sequence[ListedObject], *, after: str, until: str
    ) -> None:
        objects = {found.key: found for found in page}
        self._report.objects += len(objects)
        async for rows in self._rows(table, after=after, until=until):
            await self._judge(table, rows, objects)
        await self._judge_orphans(table, list(objects.values()))

    async def _rows(
        self, table: StoredRow, *, after: str, until: str
    ) -> AsyncIterator[Sequence[StoredFile]]:
        """Read rows between two keys; any number of rows may lie between two objects."""
        while True:
            async with self._database.read() as connection:
                rows = await stored_rows(
                    connection, table, after=after, until=until, limit=_ROWS_AT_ONCE
                )
            if rows:
                yield rows
            if len(rows) < _ROWS_AT_ONCE:
                return
            after = rows[-1].storage_key

    async def _judge(
        self, table: StoredRow, rows: Sequence[StoredFile], objects: dict[str, ListedObject]
    ) -> None:
        """Compare rows with the objects of their keys; remove matched objects from the others."""
        lost, returned = [], []
        for row in rows:
            self._report.rows += 1
            found = objects.pop(row.storage_key, None)
            is_there = found is not None and found.is_whole
            is_damaged = found is not None and found.size_bytes != row.size_bytes
            if is_there and not is_damaged:
                if row.missing_since is not None:
                    self._report.returned.add(row.id)
                    returned.append(row.id)
            elif row.created_at < self._before:
                if row.missing_since is not None:
                    self._report.known += 1
                    continue
                (self._report.damaged if is_damaged else self._report.missing).add(row.id)
                lost.append(row.id)
        if self._repairs and (lost or returned):
            async with self._database.write() as connection:
                await set_missing(connection, table, lost, now())
                await set_missing(connection, table, returned, None)

    async def _judge_orphans(self, table: StoredRow, left: Sequence[ListedObject]) -> None:
        left = [found for found in left if found.modified_at < self._before]
        ids = {found.key: image_id_of(found.key) for found in left}
        async with self._database.read() as connection:
            expected = await expected_images(connection, set(ids.values()))
        orphans = [found for found in left if ids[found.key] not in expected]
        if orphans:
            # Work that has finished since the rows were read has its row by now.
            async with self._database.read() as connection:
                recorded = await recorded_keys(connection, table, [one.key for one in orphans])
            orphans = [found for found in orphans if found.key not in recorded]
        if len(orphans) <= _FEW:
            # An upload that was deleted between its listing and the reading of its row.
            orphans = [found for found in orphans if await self._store.exists(found.key)]
        for orphan in orphans:
            self._report.orphans.add(orphan.key)
            self._report.orphan_bytes += orphan.size_bytes
            if self._repairs:
                await self._store.set_aside(orphan.key)
                log.info("object_set_aside", key=orphan.key)


def image_id_of(key: str) -> str:
    """Return the ID in a key such as ``generated/img_….png``."""
    return key.rpartition("/")[2].partition(".")[0]
