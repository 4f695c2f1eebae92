"""Batches to write in tests."""

from datetime import timedelta
from typing import Any, cast

from gql_server.database.engine.engine import Database
from gql_server.database.queries.batches import NewItem, insert_batch
from gql_server.database.tables.batches import BatchItemRow, BatchRow
from gql_server.domain.batches import ItemStatus
from gql_server.domain.ids import new_id
from gql_server.generation.requests.request import ImageRequest, request_to_json
from tests.database.rows import START

FLUX = "@cf/black-forest-labs/flux-1-schnell"
PRICE = 10_000_000


async def add_batch(
    database: Database, *items: ItemStatus, **changes: Any
) -> tuple[BatchRow, list[BatchItemRow]]:
    """Write a batch whose items stand like this."""
    states = items or (ItemStatus.QUEUED,)
    columns: dict[str, Any] = {
        "id": new_id("bat"),
        "user_id": "ann",
        "status": "queued",
        "priority": "normal",
        "slices": 1,
        "total": len(states),
        **{status.value: states.count(status) for status in ItemStatus},
        "estimated_cost": len(states) * PRICE,
        "typical_seconds": 1.0,
        "is_preview": False,
        "created_at": START,
    } | changes
    batch = BatchRow(**columns)
    rows = [
        BatchItemRow(
            id=new_id("itm"),
            batch_id=batch.id,
            user_id=batch.user_id,
            position=position,
            slice=0,
            status=status.value,
            prompt="A red fox",
            request=request_to_json(ImageRequest(prompt="A red fox", model_id=FLUX)),
            accepted={},
            image_id=new_id("img"),
            price=PRICE,
            created_at=START + timedelta(microseconds=position),
        )
        for position, status in enumerate(states)
    ]
    async with database.write() as connection:
        await insert_batch(connection, batch, [cast("NewItem", row.model_dump()) for row in rows])
    return batch, rows
