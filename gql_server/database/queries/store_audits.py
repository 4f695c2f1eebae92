"""Statements about how far comparisons of the store with the database have come."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.inserts import insert_into
from gql_server.database.engine.records import read_records, select_records
from gql_server.database.records.store_audits import StoreAuditRecord
from gql_server.database.tables.images import ImageRow, SourceImageRow
from gql_server.database.tables.processes import StoreAuditRow
from gql_server.domain.clock import now


class AuditPurpose(StrEnum):
    """Which comparison it is."""

    COMMAND = "command"
    """That of ``gql-server audit --store``."""
    SWEEP = "sweep"
    """That of the server, a part each night."""


async def find_store_audit(
    connection: AsyncConnection, purpose: AuditPurpose
) -> StoreAuditRecord | None:
    """Return how far a comparison has come; None if there was none."""
    statement = select_records(StoreAuditRow, StoreAuditRecord).where(
        col(StoreAuditRow.purpose) == purpose
    )
    found = read_records(await connection.execute(statement), StoreAuditRecord)
    return found[0] if found else None


async def write_store_audit(
    connection: AsyncConnection,
    purpose: AuditPurpose,
    *,
    until: str,
    report: Mapping[str, Any],
    last_report: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    started_at: datetime,
) -> None:
    """Write how far a comparison has come, in place of what was written before."""
    values = {
        "state": dict(state or {}),
        "report": dict(report),
        "last_report": dict(last_report) if last_report is not None else None,
        "until": until,
        "started_at": started_at,
        "updated_at": now(),
    }
    insert = insert_into(connection.dialect.name, StoreAuditRow).values(purpose=purpose, **values)
    await connection.execute(insert.on_conflict_do_update(index_elements=["purpose"], set_=values))


async def claim_sweep(
    connection: AsyncConnection, *, last_at: datetime | None, moment: datetime
) -> bool:
    """Claim the next part of the sweep; False if another process did.

    Args:
        connection: Where to write.
        last_at: When the last part was started, as it was read; None if there was none.
        moment: When this one is.
    """
    if last_at is None:
        values = {"state": {}, "report": {}, "until": "", "started_at": moment}
        insert = insert_into(connection.dialect.name, StoreAuditRow).values(
            purpose=AuditPurpose.SWEEP, updated_at=moment, **values
        )
        statement = insert.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        return (await connection.execute(statement)).rowcount == 1
    claimed = await connection.execute(
        update(StoreAuditRow)
        .where(
            col(StoreAuditRow.purpose) == AuditPurpose.SWEEP,
            col(StoreAuditRow.started_at) == last_at,
        )
        .values(started_at=moment)
    )
    return claimed.rowcount == 1


async def count_stored_rows(connection: AsyncConnection) -> int:
    """Count the images and uploads, also those that are deleted."""
    total = 0
    for table in (ImageRow, SourceImageRow):
        count = select(func.count()).select_from(table)
        total += int((await connection.execute(count)).scalar_one())
    return total
