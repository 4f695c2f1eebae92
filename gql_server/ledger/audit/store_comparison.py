"""Comparing the store with the database: every object with every row, in both directions.

Both are read in the order of their keys and merged, one page at a time: memory use does not
grow with the number of images. An object is listed before its row is read, so that one deleted
meanwhile is not reported as lost: a row is deleted before its bytes.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final

import structlog

from gql_server.database.engine.engine import Database
from gql_server.database.queries.stores import (
    STORED_FILES,
    StoredFiles,
    StoredRow,
    expected_images,
    recorded_keys,
    set_missing,
    stored_rows,
)
from gql_server.database.records.stored_files import StoredFile
from gql_server.domain.clock import now
from gql_server.ledger.audit.store_report import StoreReport
from gql_server.storage.store import ListedObject, Store

_ROWS_AT_ONCE: Final = 1_000
_FEW: Final = 20
_AFTER_ALL: Final = "\x7f"
"""Sorts after every character of a key."""

log = structlog.get_logger(__name__)


class StoreComparison:
    """Compares the objects and rows after a key, and adds what it finds to a report."""

    def __init__(
        self,
        database: Database,
        store: Store,
        report: StoreReport,
        *,
        before: datetime,
        repairs: bool = False,
    ) -> None:
        """Take what is compared, and the report.

        Args:
            database: The database.
            store: Its store.
            report: The report so far.
            before: Younger objects and rows are skipped.
            repairs: Whether rows are marked and orphans moved aside.
        """
        self._database = database
        self._store = store
        self._before = before
        self._repairs = repairs
        self._report = report
        self._report.is_repaired = repairs

    async def run(self, *, after: str = "") -> AsyncGenerator[str]:
        """Compare everything after a key.

        Yields:
            The key up to which everything is compared and in the report: a place to continue after.

        Raises:
            StoreUnavailable, StoreMisconfigured: The store cannot be read.
            DatabaseUnavailable: The database cannot be read.
        """
        for files in STORED_FILES:
            prefix, end = files.prefix, f"{files.prefix}{_AFTER_ALL}"
            if after >= end:
                continue
            after = max(after, prefix)
            async with aclosing(self._store.listing(prefix, after=after)) as pages:
                async for page in pages:
                    until = page[-1].key
                    await self._compare(files, page, after=after, until=until)
                    yield until
                    after = until
            await self._compare(files, (), after=after, until=end)
            yield end

    async def _compare(
        self, files: StoredFiles, page: Sequence[ListedObject], *, after: str, until: str
    ) -> None:
        objects = {found.key: found for found in page}
        self._report.objects += len(objects)
        async for rows in self._rows(files, after=after, until=until):
            await self._judge(files.table, rows, objects)
        await self._judge_orphans(files, list(objects.values()))

    async def _rows(
        self, files: StoredFiles, *, after: str, until: str
    ) -> AsyncIterator[Sequence[StoredFile]]:
        """Read rows between two keys; any number of rows may lie between two objects."""
        while True:
            async with self._database.read() as connection:
                rows = await stored_rows(
                    connection, files, after=after, until=until, limit=_ROWS_AT_ONCE
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

    async def _judge_orphans(self, files: StoredFiles, left: Sequence[ListedObject]) -> None:
        left = [found for found in left if found.modified_at < self._before]
        ids = {found.key: image_id_of(found.key) for found in left}
        async with self._database.read() as connection:
            expected = await expected_images(connection, set(ids.values()))
        orphans = [found for found in left if ids[found.key] not in expected]
        if orphans:
            # Work that has finished since the rows were read has its row by now.
            async with self._database.read() as connection:
                recorded = await recorded_keys(connection, files, [one.key for one in orphans])
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
    """Return the ID in a key such as ``generated/img_….png`` or ``withheld/…-img_….png``."""
    return key.rpartition("/")[2].rpartition("-")[2].partition(".")[0]
