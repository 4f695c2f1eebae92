"""The ledger's roll-ups: written with each of its lines, read by analytics and budgets alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntFlag, StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import Executable, ScalarSelect, and_, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.tables import ChargeKind, ChargeRow, CostRollupRow

QUARTER: Final = timedelta(minutes=15)
DAY: Final = timedelta(days=1)


class Span(StrEnum):
    """How long a roll-up's time is. Zones differ by quarters of an hour, so less is not needed."""

    QUARTER = "quarter"
    DAY = "day"


class Grouping(IntFlag):
    """What a roll-up tells apart."""

    NOTHING = 0
    USER = 1
    MODEL = 2
    TEMPLATE = 4
    KEY = 8
    """Only alone."""


_EVERY_GROUPING: Final = (Grouping.KEY, *(Grouping(bits) for bits in range(7, -1, -1)))
"""The most particular first: the rows that every writer meets in are locked last, and briefly."""

_SUMS: Final = ("images", "amount", "provider_cost", "neurons")


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupFilter:
    """Whose charges and which are summed; None does not narrow.

    Attributes:
        is_preview: Charges of the preview generator, or of real models.
        user_id: Of this user.
        user_ids: Of these users.
        model_ids: Of these models.
        template_ids: Of these templates; empty text is "without one".
        key_id: Asked for with this API key; goes with none of the others.
    """

    is_preview: bool
    user_id: str | None = None
    user_ids: Sequence[str] | None = None
    model_ids: Sequence[str] | None = None
    template_ids: Sequence[str] | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """From a quarter of an hour on, and before another; None is without end."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums of the ledger: billionths of a dollar, thousandths of a neuron."""

    images: int = 0
    amount: int = 0
    provider_cost: int = 0
    neurons: int = 0


def quarter_of(moment: datetime) -> datetime:
    """Return the start of the quarter of an hour that a moment lies in."""
    moment = moment.astimezone(UTC)
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


def day_of(moment: datetime) -> datetime:
    """Return the start of the UTC day that a moment lies in."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def rollups_of(charge: ChargeRow) -> Iterator[dict[str, Any]]:
    """Yield the roll-up rows that a line of the ledger adds to, each with what it adds."""
    for grouping in _EVERY_GROUPING:
        if grouping is Grouping.KEY and charge.key_id is None:
            continue
        for span, starts_at in (
            (Span.QUARTER, quarter_of(charge.created_at)),
            (Span.DAY, day_of(charge.created_at)),
        ):
            yield {
                "grouping": int(grouping),
                "span": span.value,
                "is_preview": charge.is_preview,
                "starts_at": starts_at,
                "user_id": charge.user_id if grouping & Grouping.USER else "",
                "model_id": (charge.model_id or "") if grouping & Grouping.MODEL else "",
                "template_id": (charge.template_id or "") if grouping & Grouping.TEMPLATE else "",
                "key_id": (charge.key_id or "") if grouping & Grouping.KEY else "",
                "images": 1 if charge.kind == ChargeKind.CHARGE else 0,
                "amount": charge.amount,
                "provider_cost": charge.provider_cost,
                "neurons": charge.neurons,
            }


async def add_to_rollups(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows of ``rollups_of`` to what is there."""
    await connection.execute(_upsert(connection.dialect.name), rows)


async def sum_rollups(connection: AsyncConnection, where: RollupFilter, time: TimeRange) -> Totals:
    """Sum up a span of time."""
    statement = select(*_sums()).where(*_conditions(where, _grouping(where)), _within(time))
    images, amount, provider_cost, neurons = (await connection.execute(statement)).one()
    return _totals(images, amount, provider_cost, neurons)


def amount_in(where: RollupFilter, time: TimeRange) -> ScalarSelect[Any]:
    """Return what was charged in a span of time, as a part of a greater statement."""
    amount = func.coalesce(func.sum(col(CostRollupRow.amount)), 0)
    statement = select(amount).where(*_conditions(where, _grouping(where)), _within(time))
    return statement.scalar_subquery()


async def sum_rollups_by(
    connection: AsyncConnection, by: Grouping, where: RollupFilter, time: TimeRange
) -> dict[str, Totals]:
    """Sum up a span of time by user, model or template, the costliest first."""
    key = {
        Grouping.USER: col(CostRollupRow.user_id),
        Grouping.MODEL: col(CostRollupRow.model_id),
        Grouping.TEMPLATE: col(CostRollupRow.template_id),
    }[by]
    statement = (
        select(key, *_sums())
        .where(*_conditions(where, _grouping(where) | by), _within(time))
        .group_by(key)
        .order_by(func.sum(CostRollupRow.amount).desc(), key)
    )
    return {row[0]: _totals(*row[1:]) for row in await connection.execute(statement)}


async def sum_rollups_by_start(
    connection: AsyncConnection, span: Span, where: RollupFilter, time: TimeRange
) -> list[tuple[datetime, Totals]]:
    """Sum up each quarter or day that has anything, in their order.

    With ``Span.DAY`` the quarters of a day that ``time`` cuts are told one by one.
    """
    start = col(CostRollupRow.starts_at)
    within = _within(time) if span is Span.DAY else _quarters(time.since, time.until)
    statement = (
        select(start, *_sums())
        .where(*_conditions(where, _grouping(where)), within)
        .group_by(start)
        .order_by(start)
    )
    return [(row[0], _totals(*row[1:])) for row in await connection.execute(statement)]


async def first_start(connection: AsyncConnection, where: RollupFilter) -> datetime | None:
    """Return the first day that has anything."""
    start = col(CostRollupRow.starts_at)
    statement = (
        select(start)
        .where(*_conditions(where, _grouping(where)), col(CostRollupRow.span) == Span.DAY)
        .order_by(start)
        .limit(1)
    )
    found: datetime | None = (await connection.execute(statement)).scalar_one_or_none()
    return found


@cache
def _upsert(dialect: str) -> Executable:
    # Both dialects have the same ON CONFLICT, each by a construct of its own.
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(CostRollupRow)
    table = CostRollupRow.__table__  # type: ignore[attr-defined]  # SQLModel does not type it
    statement: Executable = insert.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: table.c[name] + insert.excluded[name] for name in _SUMS},
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


def _sums() -> tuple[ColumnElement[Any], ...]:
    return tuple(func.coalesce(func.sum(getattr(CostRollupRow, name)), 0) for name in _SUMS)


def _totals(images: Any, amount: Any, provider_cost: Any, neurons: Any) -> Totals:
    # PostgreSQL sums whole numbers of 64 bits into decimals.
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


def _within(time: TimeRange) -> ColumnElement[bool]:
    """Whole days by their own rows, and the quarters before and after them."""
    last_day = day_of(time.until)
    first_day = None
    if time.since is not None:
        first_day = day_of(time.since)
        if first_day < time.since:
            first_day += DAY
        if first_day >= last_day:
            return _quarters(time.since, time.until)
    parts = [
        and_(col(CostRollupRow.span) == Span.DAY, _between(first_day, last_day)),
        _quarters(last_day, time.until),
    ]
    if time.since is not None and first_day is not None:
        parts.append(_quarters(time.since, first_day))
    return or_(*parts)


def _quarters(since: datetime | None, until: datetime) -> ColumnElement[bool]:
    return and_(col(CostRollupRow.span) == Span.QUARTER, _between(since, until))


def _between(since: datetime | None, until: datetime) -> ColumnElement[bool]:
    starts_at = col(CostRollupRow.starts_at)
    before = starts_at < until
    return before if since is None else and_(starts_at >= since, before)
