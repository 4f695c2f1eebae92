"""The sweep of the store: a part of it is compared with the database each night."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

import structlog

from gql_server.database.engine.engine import Database
from gql_server.database.queries.store_audits import (
    AuditPurpose,
    claim_sweep,
    count_stored_rows,
    find_store_audit,
    write_store_audit,
)
from gql_server.database.records.store_audits import StoreAuditRecord
from gql_server.domain.clock import now
from gql_server.ledger.audit.store import DEFAULT_GRACE
from gql_server.ledger.audit.store_comparison import StoreComparison
from gql_server.ledger.audit.store_report import StoreReport
from gql_server.storage.store import Store

NIGHT: Final = timedelta(hours=3)
"""When a night begins, after midnight in UTC."""

NIGHTS: Final = 28
"""In how many nights the whole store is compared."""

MIN_PART: Final = 10_000
"""How many objects and rows are compared in a night at least."""

_SECONDS_BETWEEN_WRITES: Final = 10.0

log = structlog.get_logger(__name__)


async def sweep_store(database: Database, store: Store) -> StoreReport | None:
    """Compare the next part of the store, if none was this night; change nothing.

    Processes may call this at the same time, and often: one of them compares. It continues where it
    ended, also after a crash, and begins again at the end.

    Returns:
        What was found since the beginning of the store; None if it is not the time.

    Raises:
        StoreUnavailable, StoreMisconfigured: The store cannot be read.
        DatabaseUnavailable: The database cannot be read.
    """
    moment = now()
    async with database.read() as connection:
        found = await find_store_audit(connection, AuditPurpose.SWEEP)
    if found is not None and not _is_due(found, moment):
        return None
    last_at = found.started_at if found is not None else None
    async with database.write() as connection:
        if not await claim_sweep(connection, last_at=last_at, moment=moment):
            return None
    await store.check()  # an empty folder where no volume is mounted would lack every image
    async with database.read() as connection:
        total = await count_stored_rows(connection)
    part = _Part(database, store, found, moment=moment)
    await part.compare(at_most=max(MIN_PART, -(-total // NIGHTS)))
    return part.report


def _is_due(found: StoreAuditRecord, moment: datetime) -> bool:
    last_night = (moment - NIGHT).replace(hour=0, minute=0, second=0, microsecond=0) + NIGHT
    # One from the future was started before a clock stepped back.
    return found.started_at < last_night or found.started_at > moment + timedelta(minutes=1)


class _Part:
    def __init__(
        self,
        database: Database,
        store: Store,
        found: StoreAuditRecord | None,
        *,
        moment: datetime,
    ) -> None:
        self._database = database
        self._store = store
        self._moment = moment
        self._until = found.until if found is not None else ""
        self._last_report = found.last_report if found is not None else None
        self.report = StoreReport.from_json(found.report if found is not None else {})

    async def compare(self, *, at_most: int) -> None:
        report = self.report
        limit = report.objects + report.rows + at_most
        comparison = StoreComparison(
            self._database, self._store, report, before=self._moment - DEFAULT_GRACE
        )
        is_whole = await self._run(comparison.run(after=self._until), limit)
        written = report.to_json()
        if is_whole:
            self._until, self._last_report, written = "", written, {}
        await self._write(written)
        if report.agrees:
            log.info("store_compared", objects=report.objects, is_whole=is_whole)
        else:
            log.warning(
                "store_differs",
                objects=report.objects,
                missing=report.missing.count,
                damaged=report.damaged.count,
                returned=report.returned.count,
                orphans=report.orphans.count,
                is_whole=is_whole,
            )

    async def _run(self, places: AsyncGenerator[str], limit: int) -> bool:
        """Compare up to a number of objects and rows; return whether the end was reached."""
        written_at = monotonic()
        async with aclosing(places):
            async for until in places:
                self._until = until
                if self.report.objects + self.report.rows >= limit:
                    return False
                if monotonic() - written_at > _SECONDS_BETWEEN_WRITES:
                    await self._write(self.report.to_json())
                    written_at = monotonic()
        return True

    async def _write(self, report: dict[str, object]) -> None:
        async with self._database.write() as connection:
            await write_store_audit(
                connection,
                AuditPurpose.SWEEP,
                until=self._until,
                report=report,
                last_report=self._last_report,
                started_at=self._moment,
            )
