"""Statements about what images were generated from."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import exists, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.records import read_records, select_records
from gql_server.database.records.image_sources import ImageSourceRecord
from gql_server.database.tables.images import ImageRow, ImageSourceRow
from gql_server.domain.lineage import Lineage, SourceRole


async def insert_lineage(
    connection: AsyncConnection, lineage: Mapping[tuple[str, datetime], Lineage]
) -> None:
    """Write what new images were generated from, by their IDs and creation times."""
    rows = [
        {
            "image_id": image_id,
            "position": position,
            "source_id": source_id,
            "role": role,
            "created_at": created_at,
        }
        for (image_id, created_at), one in lineage.items()
        for position, (source_id, role) in enumerate(_in_order(one))
    ]
    if rows:
        await connection.execute(_INSERT_SOURCE, rows)


async def find_lineage(
    connection: AsyncConnection, image_ids: Collection[str]
) -> dict[str, Lineage]:
    """Return what images were generated from; one without entries has none, or it is unknown."""
    statement = (
        select_records(ImageSourceRow, ImageSourceRecord)
        .where(col(ImageSourceRow.image_id).in_(image_ids))
        .order_by(col(ImageSourceRow.image_id), col(ImageSourceRow.position))
    )
    sources: defaultdict[str, list[str]] = defaultdict(list)
    masks: dict[str, str] = {}
    for row in read_records(await connection.execute(statement), ImageSourceRecord):
        if row.role == SourceRole.MASK:
            masks[row.image_id] = row.source_id
        else:
            sources[row.image_id].append(row.source_id)
    return {one: Lineage(tuple(sources[one]), masks.get(one)) for one in image_ids}


def derived_conditions(source_id: Any) -> Iterator[ColumnElement[bool]]:
    """Yield conditions that join images with their entry of a source, each image once."""
    yield col(ImageSourceRow.image_id) == ImageRow.id
    yield col(ImageSourceRow.source_id) == source_id
    earlier = aliased(ImageSourceRow)
    yield ~exists().where(
        col(earlier.image_id) == ImageSourceRow.image_id,
        col(earlier.source_id) == ImageSourceRow.source_id,
        col(earlier.position) < ImageSourceRow.position,
    )


def _in_order(lineage: Lineage) -> Iterator[tuple[str, SourceRole]]:
    for source_id in lineage.source_ids:
        yield source_id, SourceRole.SOURCE
    if lineage.mask_id is not None:
        yield lineage.mask_id, SourceRole.MASK


_INSERT_SOURCE: Final = insert(ImageSourceRow)
