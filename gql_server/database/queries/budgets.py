"""Statements about budgets: spent and reserved amounts of their periods, and alerts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Executable,
    ScalarSelect,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.columns import columns_of
from gql_server.database.engine.inserts import insert_into
from gql_server.database.engine.records import read_records, select_records
from gql_server.database.queries.periods import TimeRange
from gql_server.database.queries.reservations import still_holds
from gql_server.database.queries.rollups import RollupFilter, amount_in
from gql_server.database.records.budgets import BudgetRecord
from gql_server.database.tables.budgets import BudgetAlertRow, BudgetRow, ReservationRow
from gql_server.domain.budgets import BudgetScope, Payer
from gql_server.domain.clock import now

_IDENTITY: Final = ("scope", "subject_id", "period")
_LOCK_ORDER: Final = (
    case(
        (col(BudgetRow.scope) == BudgetScope.SERVER, 0),
        (col(BudgetRow.scope) == BudgetScope.USER, 1),
        else_=2,
    ),
    col(BudgetRow.subject_id),
    col(BudgetRow.period),
)
_EVERY: Final = select_records(BudgetRow, BudgetRecord).order_by(*_LOCK_ORDER)
_APPLICABLE: Final = _EVERY.where(
    or_(
        col(BudgetRow.scope) == BudgetScope.SERVER,
        and_(
            col(BudgetRow.scope) == BudgetScope.USER, col(BudgetRow.subject_id) == bindparam("user")
        ),
        and_(
            col(BudgetRow.scope) == BudgetScope.KEY, col(BudgetRow.subject_id) == bindparam("key")
        ),
    )
)
_APPLICABLE_LOCKED: Final = _APPLICABLE.with_for_update()


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetWindow:
    """A budget in one of its periods: from ``starts_at`` to before ``resets_at``, in UTC."""

    budget: BudgetRecord
    starts_at: datetime
    resets_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Billionths of a dollar: what was charged, and what is reserved for unfinished work."""

    spent: int
    reserved: int


async def applicable_budgets(
    connection: AsyncConnection, payer: Payer, *, for_update: bool = False
) -> list[BudgetRecord]:
    """Return the budgets that pay for a payer's images: the server's, the user's, the key's.

    ``for_update`` locks them until the transaction ends, in one order, so that no deadlock is
    possible.
    """
    statement = _APPLICABLE_LOCKED if for_update else _APPLICABLE
    given = {"user": payer.user_id, "key": payer.key_id or ""}
    return read_records(await connection.execute(statement, given), BudgetRecord)


async def every_budget(connection: AsyncConnection) -> list[BudgetRecord]:
    """Return all budgets, the server's first."""
    return read_records(await connection.execute(_EVERY), BudgetRecord)


async def find_budgets(connection: AsyncConnection, ids: Collection[str]) -> list[BudgetRecord]:
    """Return budgets by ID. Missing ones are left out."""
    statement = _EVERY.where(col(BudgetRow.id).in_(ids))
    return read_records(await connection.execute(statement), BudgetRecord)


async def spendings(
    connection: AsyncConnection,
    windows: Sequence[BudgetWindow],
    *,
    is_preview: bool,
    leaving_out: str = "",
    counts_expired: bool = False,
) -> list[Spending]:
    """Return what was spent and is reserved in each budget's period, all at the same time.

    One statement reads both: between two, a reservation could be charged and be missed.

    Args:
        connection: Where to read.
        windows: The budgets and their periods.
        is_preview: Whether to count charges of the preview generator, or those of real models.
        leaving_out: A reservation that does not count.
        counts_expired: Whether reservations of dead processes count until they are deleted: until
            then they may be charged.
    """
    if not windows:
        return []
    amounts = []
    holds = true() if counts_expired else still_holds(connection.dialect.name)
    for window in windows:
        where = _rollup_filter(window.budget, is_preview=is_preview)
        time = TimeRange(since=window.starts_at, until=window.resets_at)
        amounts.append(amount_in(where, time))
        amounts.append(_held(window.budget, is_preview, holds, leaving_out))
    row = (await connection.execute(select(*amounts))).one()
    # PostgreSQL sums 64-bit integers into decimals.
    return [
        Spending(spent=int(spent), reserved=int(held))
        for spent, held in zip(row[::2], row[1::2], strict=True)
    ]


async def write_budget(connection: AsyncConnection, budget: BudgetRow) -> BudgetRecord:
    """Write a budget, replacing one of the same scope, subject and period; return the stored one.

    A replaced budget keeps its ID.
    """
    await connection.execute(_upsert(connection.dialect.name), budget.model_dump())
    statement = select_records(BudgetRow, BudgetRecord).where(
        *(col(getattr(BudgetRow, name)) == getattr(budget, name) for name in _IDENTITY)
    )
    return read_records(await connection.execute(statement), BudgetRecord)[0]


async def remove_budget(connection: AsyncConnection, budget_id: str) -> bool:
    """Delete a budget; return whether it existed."""
    await connection.execute(
        delete(BudgetAlertRow).where(col(BudgetAlertRow.budget_id) == budget_id)
    )
    removed = await connection.execute(delete(BudgetRow).where(col(BudgetRow.id) == budget_id))
    return removed.rowcount == 1


async def alerts_of(
    connection: AsyncConnection, windows: Sequence[BudgetWindow]
) -> dict[str, dict[int, datetime]]:
    """Return when each percentage was reached in each budget's period, by the budget's ID."""
    if not windows:
        return {}
    statement = select(
        col(BudgetAlertRow.budget_id), col(BudgetAlertRow.percent), col(BudgetAlertRow.reached_at)
    ).where(
        or_(
            *(
                and_(
                    col(BudgetAlertRow.budget_id) == window.budget.id,
                    col(BudgetAlertRow.period_starts_at) == window.starts_at,
                )
                for window in windows
            )
        )
    )
    found: dict[str, dict[int, datetime]] = {window.budget.id: {} for window in windows}
    for budget_id, percent, reached_at in await connection.execute(statement):
        found[budget_id][percent] = reached_at
    return found


async def record_alert(connection: AsyncConnection, window: BudgetWindow, percent: int) -> bool:
    """Write that a percentage was reached in a period; return whether it was new."""
    row = BudgetAlertRow(
        budget_id=window.budget.id,
        period_starts_at=window.starts_at,
        percent=percent,
        reached_at=now(),
    )
    outcome = await connection.execute(_insert_alert(connection.dialect.name), row.model_dump())
    return outcome.rowcount == 1


def _rollup_filter(budget: BudgetRecord, *, is_preview: bool) -> RollupFilter:
    return RollupFilter(
        is_preview=is_preview,
        user_id=budget.subject_id if budget.scope == BudgetScope.USER else None,
        key_id=budget.subject_id if budget.scope == BudgetScope.KEY else None,
    )


def _held(
    budget: BudgetRecord,
    is_preview: bool,  # noqa: FBT001 - private, and plain at its only call
    holds: ColumnElement[bool],
    leaving_out: str,
) -> ScalarSelect[Any]:
    statement = select(func.coalesce(func.sum(col(ReservationRow.amount)), 0)).where(
        col(ReservationRow.is_preview) == is_preview,
        col(ReservationRow.id) != leaving_out,
        holds,
    )
    if budget.scope == BudgetScope.USER:
        statement = statement.where(col(ReservationRow.user_id) == budget.subject_id)
    elif budget.scope == BudgetScope.KEY:
        statement = statement.where(col(ReservationRow.key_id) == budget.subject_id)
    return statement.scalar_subquery()


@cache
def _upsert(dialect: str) -> Executable:
    insert = insert_into(dialect, BudgetRow)
    kept = {*_IDENTITY, "id", "created_at"}
    statement: Executable = insert.on_conflict_do_update(
        index_elements=_IDENTITY,
        set_={c.name: insert.excluded[c.name] for c in columns_of(BudgetRow) if c.name not in kept},
    )
    return statement


@cache
def _insert_alert(dialect: str) -> Executable:
    insert = insert_into(dialect, BudgetAlertRow)
    statement: Executable = insert.on_conflict_do_nothing()
    # Without this SQLAlchemy does not keep the number of rows that an INSERT wrote.
    return statement.execution_options(preserve_rowcount=True)
