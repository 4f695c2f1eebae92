"""The audit of the store: one comparison of all of it, which continues where a killed one ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from gql_server.database.engine.engine import Database
from gql_server.database.queries.store_audits import (
    AuditPurpose,
    count_stored_rows,
    find_store_audit,
    write_store_audit,
)
from gql_server.database.queries.stores import adopted_store
from gql_server.database.records.store_audits import StoreAuditRecord
from gql_server.domain.clock import now, read_moment, to_iso
from gql_server.ledger.audit.store_comparison import StoreComparison
from gql_server.ledger.audit.store_report import MAX_NAMED, StoreReport
from gql_server.storage.store import Store

DEFAULT_GRACE: Final = timedelta(hours=24)
"""Younger objects are skipped: their image may still be recorded, and clocks differ."""

_RESUMABLE: Final = timedelta(days=7)
"""An older comparison says too little about the store of today."""

_SECONDS_BETWEEN_WRITES: Final = 1.0


class AnothersObjects(Exception):
    """Most objects are unreferenced: another database may use the store; says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditProgress:
    """How far an audit has come.

    Attributes:
        report: What it found so far; with ``repair``, the repairs are a second pass.
        is_repairing: Whether it is the second pass.
        total_rows: How many images and uploads there are, some without a file.
        resumed_at: When the audit that it continues was interrupted; None if it started over.
    """

    report: StoreReport
    is_repairing: bool
    total_rows: int
    resumed_at: datetime | None


def _ignore(_progress: AuditProgress) -> None:
    """Show nothing."""


async def audit_store(
    database: Database,
    store: Store,
    *,
    repair: bool = False,
    force: bool = False,
    restart: bool = False,
    grace: timedelta = DEFAULT_GRACE,
    on_progress: Callable[[AuditProgress], None] = _ignore,
) -> StoreReport:
    """Compare every object with every row; the server may be running.

    With ``repair``, rows whose file is missing are marked, and marks of rows whose file exists
    again are removed; unreferenced objects are moved to ``.quarantine``. No bytes are deleted.

    An audit that was interrupted less than a week ago is continued by the next one with the same
    arguments.

    Args:
        database: The database.
        store: Its store.
        repair: Whether to mark and to move.
        force: Whether to move objects even if most of them are unreferenced.
        restart: Whether to start over instead of continuing.
        grace: Objects younger than this are skipped.
        on_progress: Called after each page of the store.

    Raises:
        AnothersObjects: Most objects are unreferenced, and ``force`` is not set.
        StoreUnavailable, StoreMisconfigured: The store cannot be read.
        DatabaseUnavailable: The database cannot be read.
    """
    options: dict[str, Any] = {
        "repair": repair,
        "force": force,
        "grace_seconds": grace.total_seconds(),
    }
    async with database.read() as connection:
        options["store"] = await adopted_store(connection)
        found = None if restart else await find_store_audit(connection, AuditPurpose.COMMAND)
        total_rows = await count_stored_rows(connection)
    run = _Run(
        database,
        store,
        options,
        earlier=found if found is not None and _is_resumable(found, options) else None,
        before=now() - grace,
        total_rows=total_rows,
        on_progress=on_progress,
    )
    if not run.is_repairing:
        report = await run.compare()
        if not repair or report.agrees:
            await run.finish(report)
            return report
        if not force and report.orphans.count > max(MAX_NAMED, report.objects // 2):
            await run.finish(report)
            raise AnothersObjects(
                f"{report.orphans.count} of {report.objects} objects are unreferenced here. "
                "Another database may use this store. Nothing was changed; to move them aside "
                "anyway, add --force."
            )
        run.begin_repairs()
    report = await run.compare()
    await run.finish(report)
    return report


class _Run:
    def __init__(
        self,
        database: Database,
        store: Store,
        options: Mapping[str, Any],
        *,
        earlier: StoreAuditRecord | None,
        before: datetime,
        total_rows: int,
        on_progress: Callable[[AuditProgress], None],
    ) -> None:
        self._database = database
        self._store = store
        self._options = options
        self._total_rows = total_rows
        self._on_progress = on_progress
        self._resumed_at: datetime | None = None
        self._started_at, self._before = now(), before
        self._report, self._until, self.is_repairing = StoreReport(), "", False
        if earlier is not None:
            self._resumed_at, self._started_at = earlier.updated_at, earlier.started_at
            self._before = read_moment(earlier.state["before"])
            self._report, self._until = StoreReport.from_json(earlier.report), earlier.until
            self.is_repairing = earlier.state["is_repairing"]

    def begin_repairs(self) -> None:
        self._report, self._until, self.is_repairing = StoreReport(), "", True

    async def compare(self) -> StoreReport:
        report = self._report
        comparison = StoreComparison(
            self._database, self._store, report, before=self._before, repairs=self.is_repairing
        )
        written_at, written_orphans = monotonic(), report.orphans.count
        self._show()
        async for until in comparison.run(after=self._until):
            self._until = until
            # What was moved aside is found only once.
            has_moved = self.is_repairing and report.orphans.count > written_orphans
            if has_moved or monotonic() - written_at > _SECONDS_BETWEEN_WRITES:
                await self._write(is_finished=False)
                written_at, written_orphans = monotonic(), report.orphans.count
            self._show()
        return report

    async def finish(self, report: StoreReport) -> None:
        await self._write(is_finished=True)
        # The sweep starts over: what it found before may be repaired, or is in this report.
        async with self._database.write() as connection:
            await write_store_audit(
                connection,
                AuditPurpose.SWEEP,
                until="",
                report={},
                last_report=_left(report).to_json(),
                started_at=now(),
            )

    async def _write(self, *, is_finished: bool) -> None:
        state = {
            **self._options,
            "before": to_iso(self._before),
            "is_repairing": self.is_repairing,
            "is_finished": is_finished,
        }
        async with self._database.write() as connection:
            await write_store_audit(
                connection,
                AuditPurpose.COMMAND,
                until=self._until,
                report=self._report.to_json(),
                state=state,
                started_at=self._started_at,
            )

    def _show(self) -> None:
        self._on_progress(
            AuditProgress(
                report=self._report,
                is_repairing=self.is_repairing,
                total_rows=self._total_rows,
                resumed_at=self._resumed_at,
            )
        )


def _is_resumable(found: StoreAuditRecord, options: Mapping[str, Any]) -> bool:
    is_recent = now() - _RESUMABLE < found.updated_at
    return (
        is_recent
        and not found.state["is_finished"]
        and all(found.state.get(name) == value for name, value in options.items())
    )


def _left(report: StoreReport) -> StoreReport:
    """Return what differs after an audit: once repaired, only what is marked as missing."""
    if not report.is_repaired:
        return report
    marked = report.known + report.missing.count + report.damaged.count
    return StoreReport(rows=report.rows, objects=report.objects, known=marked)
