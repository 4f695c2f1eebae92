"""Statements that look over the whole ledger, a day at a time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.model_rollups import Outcome, rollups_of_image
from gql_server.database.pages import Facts, read_facts
from gql_server.database.rollups import DAY
from gql_server.database.tables import (
    ChargeKind,
    ChargeRow,
    CostRollupRow,
    ImageRow,
    ModelRollupRow,
)


async def images_out_of_step(connection: AsyncConnection, *, most: int) -> list[str]:
    """Return images without a charge, or with one that says something else than they do."""
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
        .limit(most)
    )
    return list((await connection.execute(statement)).scalars())


async def charges_without_image(connection: AsyncConnection, *, most: int) -> list[str]:
    """Return charges of images that are not there."""
    statement = (
        select(col(ChargeRow.id))
        .outerjoin(ImageRow, col(ImageRow.id) == col(ChargeRow.image_id))
        .where(col(ChargeRow.kind) == ChargeKind.CHARGE, col(ImageRow.id).is_(None))
        .order_by(col(ChargeRow.id))
        .limit(most)
    )
    return list((await connection.execute(statement)).scalars())


async def ledger_span(connection: AsyncConnection) -> tuple[datetime, datetime] | None:
    """Return the first and the last moment of the ledger and of roll-ups; None: all are empty."""
    moments: list[datetime] = []
    for column, which in (
        (col(ChargeRow.created_at), true()),
        (col(CostRollupRow.starts_at), true()),
        (col(ModelRollupRow.starts_at), col(ModelRollupRow.outcome) == Outcome.MADE),
    ):
        statement = select(func.min(column), func.max(column)).where(which)
        row = (await connection.execute(statement)).one()
        moments.extend(moment for moment in row if moment is not None)
    return (min(moments), max(moments)) if moments else None


async def charges_of_day(connection: AsyncConnection, day: datetime) -> list[ChargeRow]:
    """Return every line of the ledger of a UTC day."""
    table = ChargeRow.__table__  # type: ignore[attr-defined]  # SQLModel does not type it
    created_at = col(ChargeRow.created_at)
    statement = select(*table.columns).where(created_at >= day, created_at < day + DAY)
    return [ChargeRow(**row) for row in read_facts(await connection.execute(statement))]


async def rollups_of_day(connection: AsyncConnection, day: datetime) -> list[Facts]:
    """Return every roll-up that starts on a UTC day."""
    table = CostRollupRow.__table__  # type: ignore[attr-defined]  # SQLModel does not type it
    starts_at = col(CostRollupRow.starts_at)
    statement = select(*table.columns).where(starts_at >= day, starts_at < day + DAY)
    return read_facts(await connection.execute(statement))


async def lock_rollups(connection: AsyncConnection) -> None:
    """Keep others from adding to roll-ups until the transaction ends."""
    if connection.dialect.name == "postgresql":
        # A writer in the middle has either been waited for, or adds its own once this is over.
        await connection.execute(text("LOCK TABLE cost_rollups IN SHARE ROW EXCLUSIVE MODE"))


async def replace_rollups_of_day(
    connection: AsyncConnection, day: datetime, rows: Sequence[dict[str, Any]]
) -> None:
    """Put these roll-ups in place of those that start on a UTC day."""
    starts_at = col(CostRollupRow.starts_at)
    await connection.execute(delete(CostRollupRow).where(starts_at >= day, starts_at < day + DAY))
    if rows:
        await connection.execute(insert(CostRollupRow), list(rows))


async def model_rollups_from_images(
    connection: AsyncConnection, day: datetime
) -> list[dict[str, Any]]:
    """Return the roll-up rows that every image of a UTC day adds to.

    Images are found by their charges, which are written at the same moment and have an index by
    it.
    """
    charged_at = col(ChargeRow.created_at)
    statement = (
        select(
            col(ImageRow.model_id),
            col(ImageRow.is_preview),
            col(ImageRow.seconds),
            col(ImageRow.created_at),
        )
        .join(ChargeRow, col(ChargeRow.image_id) == col(ImageRow.id))
        .where(col(ChargeRow.kind) == ChargeKind.CHARGE, charged_at >= day, charged_at < day + DAY)
    )
    images = read_facts(await connection.execute(statement))
    return [row for image in images for row in rollups_of_image(ImageRow(**image))]


async def model_rollups_of_day(connection: AsyncConnection, day: datetime) -> list[Facts]:
    """Return every roll-up of pictures that were made on a UTC day."""
    table = ModelRollupRow.__table__  # type: ignore[attr-defined]  # SQLModel does not type it
    statement = select(*table.columns).where(*_made_on(day))
    return read_facts(await connection.execute(statement))


async def lock_model_rollups(connection: AsyncConnection) -> None:
    """Keep others from adding to models' roll-ups until the transaction ends."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("LOCK TABLE model_rollups IN SHARE ROW EXCLUSIVE MODE"))


async def replace_model_rollups_of_day(
    connection: AsyncConnection, day: datetime, rows: Sequence[dict[str, Any]]
) -> None:
    """Put these roll-ups in place of those of pictures that were made on a UTC day."""
    await connection.execute(delete(ModelRollupRow).where(*_made_on(day)))
    if rows:
        await connection.execute(insert(ModelRollupRow), list(rows))


def _made_on(day: datetime) -> tuple[ColumnElement[bool], ...]:
    starts_at = col(ModelRollupRow.starts_at)
    return (
        col(ModelRollupRow.outcome) == Outcome.MADE,
        starts_at >= day,
        starts_at < day + DAY,
    )
