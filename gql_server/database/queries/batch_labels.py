"""Statements about what batches are found by: names, tags and metadata."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, exists, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.json_contains import PlainValue, json_contains
from gql_server.database.engine.records import read_records, select_records
from gql_server.database.records.batches import BatchLabels
from gql_server.database.tables.batches import BatchLabelsRow, BatchRow
from gql_server.domain.search import folded_words


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFilter:
    """Filters batches by their labels; what is empty does not filter.

    Attributes:
        search: Words that are all in the name.
        tags: Tags that they all have.
        metadata: Keys and values that their metadata has.
    """

    search: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, PlainValue] | None = None


async def insert_labels(connection: AsyncConnection, labels: BatchLabelsRow) -> None:
    """Write the labels of a batch."""
    await connection.execute(insert(BatchLabelsRow), labels.model_dump())


async def erase_labels(connection: AsyncConnection, batch_ids: Collection[str]) -> None:
    """Erase the names, tags and metadata of batches."""
    await connection.execute(
        delete(BatchLabelsRow).where(col(BatchLabelsRow.batch_id).in_(batch_ids))
    )
    await connection.execute(
        update(BatchRow).where(col(BatchRow.id).in_(batch_ids)).values(name=None)
    )


async def find_labels(
    connection: AsyncConnection, batch_ids: Collection[str]
) -> dict[str, BatchLabels]:
    """Return the labels of batches by ID. Batches without any are left out."""
    statement = select_records(BatchLabelsRow, BatchLabels).where(
        col(BatchLabelsRow.batch_id).in_(batch_ids)
    )
    found = read_records(await connection.execute(statement), BatchLabels)
    return {labels.batch_id: labels for labels in found}


def label_conditions(where: LabelFilter) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions of a filter on batches."""
    conditions: list[ColumnElement[bool]] = [
        col(BatchLabelsRow.search_text).contains(word, autoescape=True)
        for word in folded_words(where.search or "")
    ]
    if where.tags:
        conditions.append(json_contains(col(BatchLabelsRow.tags), where.tags))
    if where.metadata:
        conditions.append(json_contains(col(BatchLabelsRow.details), where.metadata))
    if conditions:
        yield exists().where(col(BatchLabelsRow.batch_id) == BatchRow.id, *conditions)
