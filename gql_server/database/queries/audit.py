"""Statements that read the whole ledger, a day or a month at a time."""

from collections.abc import Sequence
from datetime import datetime
from itertools import product

from sqlalchemy import (
    BigInteger,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.columns import UtcDateTime
from gql_server.database.engine.records import read_records, select_records
from gql_server.database.queries.model_rollups import Outcome, model_rollups_of
from gql_server.database.queries.periods import DAY, RollupPeriod, month_after
from gql_server.database.queries.rollups import DIMENSIONS, EVERY_GROUPING, SUMS
from gql_server.database.records.ledger import ChargeRecord, CostRollup, ModelRollup
from gql_server.database.tables.images import ImageRow
from gql_server.database.tables.ledger import ChargeKind, ChargeRow, CostRollupRow, ModelRollupRow


async def mismatched_images(connection: AsyncConnection, *, limit: int) -> list[str]:
    """Return images without a charge, or whose charge does not match."""
    same = (
        ("cost", "amount"),
        ("provider_cost", "provider_cost"),
        ("neurons", "neurons"),
        ("user_id", "user_id"),
        ("model_id", "model_id"),
        ("is_preview", "is_preview"),
    )
    differs = [
        getattr(ImageRow, own).is_distinct_from(getattr(ChargeRow, charged))
        for own, charged in (*same, ("template_id", "template_id"))
    ]
    statement = (
        select(col(ImageRow.id))
        .outerjoin(
            ChargeRow,
            (col(ChargeRow.image_id) == col(ImageRow.id))
            & (col(ChargeRow.kind) == ChargeKind.CHARGE),
        )
        .where(or_(col(ChargeRow.id).is_(None), *differs))
        .order_by(col(ImageRow.id))
        .limit(limit)
    )
    return list((await connection.execute(statement)).scalars())


async def charges_without_image(connection: AsyncConnection, *, limit: int) -> list[str]:
    """Return charges of missing images."""
    statement = (
        select(col(ChargeRow.id))
        .outerjoin(ImageRow, col(ImageRow.id) == col(ChargeRow.image_id))
        .where(col(ChargeRow.kind) == ChargeKind.CHARGE, col(ImageRow.id).is_(None))
        .order_by(col(ChargeRow.id))
        .limit(limit)
    )
    return list((await connection.execute(statement)).scalars())


async def ledger_range(connection: AsyncConnection) -> tuple[datetime, datetime] | None:
    """Return the first and the last time in the ledger and the roll-ups; None if all are empty."""
    charged_at, starts_at = col(ChargeRow.created_at), col(CostRollupRow.starts_at)
    made_at = col(ModelRollupRow.starts_at)
    # The minimum of each part of the index is its start; the overall minimum is in no index.
    each = [
        select(func.min(charged_at), func.max(charged_at)),
        select(func.min(made_at), func.max(made_at)).where(
            col(ModelRollupRow.outcome) == Outcome.MADE
        ),
        *(
            select(func.min(starts_at), func.max(starts_at)).where(
                col(CostRollupRow.grouping) == int(grouping),
                col(CostRollupRow.span) == period,
                col(CostRollupRow.is_preview) == is_preview,
            )
            for grouping, period, is_preview in product(EVERY_GROUPING, RollupPeriod, (False, True))
        ),
    ]
    rows = await connection.execute(union_all(*each))
    moments = [moment for row in rows for moment in row if moment is not None]
    return (min(moments), max(moments)) if moments else None


async def charges_of_day(connection: AsyncConnection, day: datetime) -> list[ChargeRecord]:
    """Return every line of the ledger of a UTC day."""
    created_at = col(ChargeRow.created_at)
    statement = select_records(ChargeRow, ChargeRecord).where(
        created_at >= day, created_at < day + DAY
    )
    return read_records(await connection.execute(statement), ChargeRecord)


async def rollups_of_day(connection: AsyncConnection, day: datetime) -> list[CostRollup]:
    """Return every roll-up of a UTC day and its quarters."""
    statement = select_records(CostRollupRow, CostRollup).where(*_of_day(day))
    return read_records(await connection.execute(statement), CostRollup)


async def lock_rollups(connection: AsyncConnection) -> None:
    """Keep other writers from adding to roll-ups until the transaction ends."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        # A concurrent writer has either been waited for, or adds its rows afterwards.
        await connection.execute(text("LOCK TABLE cost_rollups IN SHARE ROW EXCLUSIVE MODE"))


async def replace_rollups_of_day(
    connection: AsyncConnection, day: datetime, rollups: Sequence[CostRollup]
) -> None:
    """Replace the roll-ups of a UTC day and its quarters."""
    await connection.execute(delete(CostRollupRow).where(*_of_day(day)))
    if rollups:
        await connection.execute(insert(CostRollupRow), [one._asdict() for one in rollups])


async def month_agrees(connection: AsyncConnection, month: datetime) -> bool:
    """Return whether the roll-ups of a UTC month are the sums of those of its days."""
    dimensions = [getattr(CostRollupRow, name) for name in DIMENSIONS]
    of_days, of_month = (
        select(
            *dimensions,
            literal(sign).label("sign"),
            *((sign * getattr(CostRollupRow, name)).label(name) for name in SUMS),
        ).where(*conditions)
        for sign, conditions in ((1, _days_of(month)), (-1, _of_month(month)))
    )
    both = union_all(of_days, of_month).subquery()
    sign = both.c.sign
    statement = (
        select(literal(1))
        .select_from(both)
        .group_by(*(both.c[name] for name in DIMENSIONS))
        .having(
            or_(
                func.min(sign) == func.max(sign),
                *(func.sum(both.c[name]) != 0 for name in SUMS),
            )
        )
        .limit(1)
    )
    return (await connection.execute(statement)).first() is None


async def replace_rollups_of_month(connection: AsyncConnection, month: datetime) -> None:
    """Replace the roll-ups of a UTC month by the sums of those of its days."""
    await connection.execute(delete(CostRollupRow).where(*_of_month(month)))
    dimensions = [getattr(CostRollupRow, name) for name in DIMENSIONS]
    sums = [cast(func.sum(getattr(CostRollupRow, name)), BigInteger).label(name) for name in SUMS]
    summed = (
        select(
            literal(RollupPeriod.MONTH.value).label("span"),
            literal(month, UtcDateTime()).label("starts_at"),
            *dimensions,
            *sums,
        )
        .where(*_days_of(month))
        .group_by(*dimensions)
    )
    names = ["span", "starts_at", *DIMENSIONS, *SUMS]
    await connection.execute(insert(CostRollupRow).from_select(names, summed))


def _of_day(day: datetime) -> tuple[ColumnElement[bool], ...]:
    return _starting((RollupPeriod.DAY, RollupPeriod.QUARTER), day, day + DAY)


def _days_of(month: datetime) -> tuple[ColumnElement[bool], ...]:
    return _starting((RollupPeriod.DAY,), month, month_after(month))


def _of_month(month: datetime) -> tuple[ColumnElement[bool], ...]:
    return _starting((RollupPeriod.MONTH,), month, month_after(month))


def _starting(
    periods: Sequence[RollupPeriod], since: datetime, until: datetime
) -> tuple[ColumnElement[bool], ...]:
    starts_at = col(CostRollupRow.starts_at)
    return (
        # All possible values, so that the primary key leads to the times.
        col(CostRollupRow.grouping).in_([int(grouping) for grouping in EVERY_GROUPING]),
        col(CostRollupRow.span).in_(periods),
        col(CostRollupRow.is_preview).in_((False, True)),
        starts_at >= since,
        starts_at < until,
    )


async def model_rollups_from_images(
    connection: AsyncConnection, day: datetime
) -> list[ModelRollup]:
    """Return the roll-ups that every image of a UTC day adds to.

    Images are found by their charges, which are written at the same time and indexed by it.
    """
    charged_at = col(ChargeRow.created_at)
    statement = (
        select(
            col(ImageRow.model_id),
            col(ImageRow.is_preview),
            col(ImageRow.seconds),
            charged_at,
        )
        .join(ChargeRow, col(ChargeRow.image_id) == col(ImageRow.id))
        .where(col(ChargeRow.kind) == ChargeKind.CHARGE, charged_at >= day, charged_at < day + DAY)
    )
    return [
        one
        for model_id, is_preview, seconds, moment in await connection.execute(statement)
        for one in model_rollups_of(
            model_id, Outcome.MADE, at=moment, is_preview=is_preview, seconds=seconds
        )
    ]


async def model_rollups_of_day(connection: AsyncConnection, day: datetime) -> list[ModelRollup]:
    """Return every roll-up of images that were generated on a UTC day."""
    statement = select_records(ModelRollupRow, ModelRollup).where(*_made_on(day))
    return read_records(await connection.execute(statement), ModelRollup)


async def lock_model_rollups(connection: AsyncConnection) -> None:
    """Keep other writers from adding to models' roll-ups until the transaction ends."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("LOCK TABLE model_rollups IN SHARE ROW EXCLUSIVE MODE"))


async def replace_model_rollups_of_day(
    connection: AsyncConnection, day: datetime, rollups: Sequence[ModelRollup]
) -> None:
    """Replace the roll-ups of images that were generated on a UTC day."""
    await connection.execute(delete(ModelRollupRow).where(*_made_on(day)))
    if rollups:
        await connection.execute(insert(ModelRollupRow), [one._asdict() for one in rollups])


def _made_on(day: datetime) -> tuple[ColumnElement[bool], ...]:
    starts_at = col(ModelRollupRow.starts_at)
    return (
        col(ModelRollupRow.outcome) == Outcome.MADE,
        starts_at >= day,
        starts_at < day + DAY,
    )
