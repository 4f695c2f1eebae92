"""The ledger's roll-ups: written with each of its lines, read by analytics and budgets alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag
from functools import cache
from typing import Any, Final

from sqlalchemy import Executable, ScalarSelect, Subquery, and_, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.columns import table_of
from gql_server.database.engine.inserts import insert_into
from gql_server.database.queries.periods import (
    RollupPeriod,
    TimeRange,
    cover,
    day_of,
    month_of,
    quarter_of,
)
from gql_server.database.records.ledger import ChargeRecord, CostRollup
from gql_server.database.tables.ledger import ChargeKind, ChargeRow, CostRollupRow


class Grouping(IntFlag):
    """The dimensions that a roll-up distinguishes."""

    NOTHING = 0
    USER = 1
    MODEL = 2
    TEMPLATE = 4
    KEY = 8
    """Only alone."""


EVERY_GROUPING: Final = (Grouping.KEY, *(Grouping(bits) for bits in range(7, -1, -1)))
"""The most specific first: the rows that all writers share are locked last, and briefly."""

_GROUPING_ORDER: Final = {int(grouping): index for index, grouping in enumerate(EVERY_GROUPING)}
_PERIOD_ORDER: Final = {period.value: index for index, period in enumerate(RollupPeriod)}

DIMENSIONS: Final = ("grouping", "is_preview", "user_id", "model_id", "template_id", "key_id")
"""The dimensions in which roll-ups of the same time differ."""

SUMS: Final = ("images", "amount", "provider_cost", "neurons")


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupFilter:
    """The charges to sum; None does not filter.

    Attributes:
        is_preview: Charges of the preview generator, or of real models.
        user_id: Of this user.
        user_ids: Of these users.
        model_ids: Of these models.
        template_ids: Of these templates; empty text means "without a template".
        key_id: Of requests with this API key; cannot be combined with the others.
    """

    is_preview: bool
    user_id: str | None = None
    user_ids: Sequence[str] | None = None
    model_ids: Sequence[str] | None = None
    template_ids: Sequence[str] | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums of the ledger: billionths of a dollar, thousandths of a neuron."""

    images: int = 0
    amount: int = 0
    provider_cost: int = 0
    neurons: int = 0

    @property
    def average(self) -> int:
        """Average cost of an image, in billionths of a dollar; 0 if there are none."""
        return round(self.amount / self.images) if self.images else 0


def rollups_of(charge: ChargeRow | ChargeRecord) -> Iterator[CostRollup]:
    """Yield the roll-ups that a line of the ledger adds to, each with its addition."""
    starts = (
        (RollupPeriod.QUARTER, quarter_of(charge.created_at)),
        (RollupPeriod.DAY, day_of(charge.created_at)),
        (RollupPeriod.MONTH, month_of(charge.created_at)),
    )
    for grouping in EVERY_GROUPING:
        if grouping is Grouping.KEY and charge.key_id is None:
            continue
        for period, starts_at in starts:
            yield CostRollup(
                grouping=int(grouping),
                span=period.value,
                is_preview=charge.is_preview,
                starts_at=starts_at,
                user_id=charge.user_id if grouping & Grouping.USER else "",
                model_id=(charge.model_id or "") if grouping & Grouping.MODEL else "",
                template_id=(charge.template_id or "") if grouping & Grouping.TEMPLATE else "",
                key_id=(charge.key_id or "") if grouping & Grouping.KEY else "",
                images=1 if charge.kind == ChargeKind.CHARGE else 0,
                amount=charge.amount,
                provider_cost=charge.provider_cost,
                neurons=charge.neurons,
            )


async def add_to_rollups(connection: AsyncConnection, rollups: Iterable[CostRollup]) -> None:
    """Add roll-ups to those in the database, in the order in which every writer locks them."""
    sums: dict[tuple[Any, ...], CostRollup] = {}
    for one in rollups:
        key = (
            _GROUPING_ORDER[one.grouping],
            _PERIOD_ORDER[one.span],
            one.starts_at,
            one.is_preview,
            one.user_id,
            one.model_id,
            one.template_id,
            one.key_id,
        )
        found = sums.get(key)
        sums[key] = one if found is None else found.plus(one)
    ordered = [sums[key]._asdict() for key in sorted(sums)]
    await connection.execute(_upsert(connection.dialect.name), ordered)


async def sum_rollups(connection: AsyncConnection, where: RollupFilter, time: TimeRange) -> Totals:
    """Sum up a time range."""
    statement = select(*_sums(_rows(where, _grouping(where), time)))
    images, amount, provider_cost, neurons = (await connection.execute(statement)).one()
    return _totals(images, amount, provider_cost, neurons)


def amount_in(where: RollupFilter, time: TimeRange) -> ScalarSelect[Any]:
    """Return the amount charged in a time range, as a part of a larger statement."""
    rows = _rows(where, _grouping(where), time)
    return select(func.coalesce(func.sum(rows.c.amount), 0)).scalar_subquery()


async def sum_rollups_by(
    connection: AsyncConnection, by: Grouping, where: RollupFilter, time: TimeRange
) -> dict[str, Totals]:
    """Sum a time range by user, model or template, most expensive first.

    Entries whose sums are all zero are omitted.
    """
    name = {
        Grouping.USER: "user_id",
        Grouping.MODEL: "model_id",
        Grouping.TEMPLATE: "template_id",
    }[by]
    rows = _rows(where, _grouping(where) | by, time, name)
    key = rows.c[name]
    statement = (
        select(key, *_sums(rows))
        .group_by(key)
        # Only in a part that is subtracted again.
        .having(or_(*(func.sum(rows.c[one]) != 0 for one in SUMS)))
        .order_by(func.sum(rows.c.amount).desc(), key)
    )
    return {row[0]: _totals(*row[1:]) for row in await connection.execute(statement)}


async def sum_rollups_by_start(
    connection: AsyncConnection, period: RollupPeriod, where: RollupFilter, time: TimeRange
) -> list[tuple[datetime, Totals]]:
    """Sum each quarter, day or month that has charges, in their order.

    The parts of a day or month that ``time`` cuts are returned one by one.
    """
    rows = _rows(where, _grouping(where), time, "starts_at", longest=period)
    start = rows.c.starts_at
    statement = select(start, *_sums(rows)).group_by(start).order_by(start)
    return [(row[0], _totals(*row[1:])) for row in await connection.execute(statement)]


async def first_start(connection: AsyncConnection, where: RollupFilter) -> datetime | None:
    """Return the first day with charges."""
    start = col(CostRollupRow.starts_at)
    statement = (
        select(start)
        .where(*_conditions(where, _grouping(where)), col(CostRollupRow.span) == RollupPeriod.DAY)
        .order_by(start)
        .limit(1)
    )
    found: datetime | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


@cache
def _upsert(dialect: str) -> Executable:
    insert = insert_into(dialect, CostRollupRow)
    table = table_of(CostRollupRow)
    statement: Executable = insert.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: table.c[name] + insert.excluded[name] for name in SUMS},
    )
    return statement


def _grouping(where: RollupFilter) -> Grouping:
    if where.key_id is not None:
        return Grouping.KEY
    grouping = Grouping.NOTHING
    if where.user_id is not None or where.user_ids is not None:
        grouping |= Grouping.USER
    if where.model_ids is not None:
        grouping |= Grouping.MODEL
    if where.template_ids is not None:
        grouping |= Grouping.TEMPLATE
    return grouping


def _sums(rows: Subquery) -> tuple[ColumnElement[Any], ...]:
    return tuple(func.coalesce(func.sum(rows.c[name]), 0) for name in SUMS)


def _totals(images: Any, amount: Any, provider_cost: Any, neurons: Any) -> Totals:
    # PostgreSQL sums 64-bit integers into decimals.
    return Totals(
        images=int(images),
        amount=int(amount),
        provider_cost=int(provider_cost),
        neurons=int(neurons),
    )


def _conditions(where: RollupFilter, grouping: Grouping) -> list[ColumnElement[bool]]:
    found = [
        col(CostRollupRow.grouping) == int(grouping),
        col(CostRollupRow.is_preview) == where.is_preview,
    ]
    if where.key_id is not None:
        found.append(col(CostRollupRow.key_id) == where.key_id)
    if where.user_id is not None:
        found.append(col(CostRollupRow.user_id) == where.user_id)
    if where.user_ids is not None:
        found.append(col(CostRollupRow.user_id).in_(where.user_ids))
    if where.model_ids is not None:
        found.append(col(CostRollupRow.model_id).in_(where.model_ids))
    if where.template_ids is not None:
        found.append(col(CostRollupRow.template_id).in_(where.template_ids))
    return found


def _rows(
    where: RollupFilter,
    grouping: Grouping,
    time: TimeRange,
    *keys: str,
    longest: RollupPeriod = RollupPeriod.MONTH,
) -> Subquery:
    """Return the keys and sums of the few roll-ups that make up a time range.

    Each part is a statement of its own, for which the primary key is one range: joined by OR,
    SQLite would read every roll-up of the grouping.
    """
    key_columns = [getattr(CostRollupRow, name) for name in keys]
    conditions = _conditions(where, grouping)
    parts = [
        select(
            *key_columns, *((part.sign * getattr(CostRollupRow, name)).label(name) for name in SUMS)
        ).where(
            *conditions,
            col(CostRollupRow.span) == part.period,
            _between(part.since, part.until),
        )
        for part in cover(time, longest)
    ]
    return union_all(*parts).subquery()


def _between(since: datetime | None, until: datetime) -> ColumnElement[bool]:
    starts_at = col(CostRollupRow.starts_at)
    before = starts_at < until
    return before if since is None else and_(starts_at >= since, before)
