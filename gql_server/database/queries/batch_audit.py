"""The statement that compares every batch with its items and images."""

from sqlalchemy import case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.tables.batches import BatchItemRow, BatchRow
from gql_server.database.tables.images import ImageRow
from gql_server.domain.batches import ItemStatus


async def mismatched_batches(connection: AsyncConnection, *, limit: int) -> list[str]:
    """Return batches whose counts or cost differ from those of their items and images."""
    status = col(BatchItemRow.status)
    items = (
        select(
            col(BatchItemRow.batch_id).label("batch_id"),
            func.count().label("total"),
            *(func.sum(case((status == one, 1), else_=0)).label(one.value) for one in ItemStatus),
        )
        .group_by(col(BatchItemRow.batch_id))
        .subquery()
    )
    images = (
        select(
            col(ImageRow.batch_id).label("batch_id"),
            func.count().label("made"),
            func.sum(col(ImageRow.cost)).label("cost"),
        )
        .where(col(ImageRow.batch_id).is_not(None))
        .group_by(col(ImageRow.batch_id))
        .subquery()
    )
    differs = [
        getattr(BatchRow, name) != func.coalesce(items.c[name], 0)
        for name in ("total", *(one.value for one in ItemStatus))
    ]
    statement = (
        select(col(BatchRow.id))
        .outerjoin(items, items.c.batch_id == col(BatchRow.id))
        .outerjoin(images, images.c.batch_id == col(BatchRow.id))
        .where(
            or_(
                *differs,
                col(BatchRow.succeeded) != func.coalesce(images.c.made, 0),
                col(BatchRow.cost) != func.coalesce(images.c.cost, 0),
            )
        )
        .order_by(col(BatchRow.id))
        .limit(limit)
    )
    return list((await connection.execute(statement)).scalars())
