"""Reading rows as records: named tuples whose fields are the columns that are read.

A named tuple takes a third of the time of a dictionary to make, and mypy knows its columns.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Result, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import SQLModel

from gql_server.database.engine.columns import columns_of, table_of
from gql_server.domain.ids import IdPrefix, has_prefix

RecordT = TypeVar("RecordT", bound=NamedTuple)

_IDS_AT_ONCE: Final = 500

_IDS: Final = "record_ids"
_OWNER: Final = "owner"


def select_records(table: type[SQLModel], record: type[NamedTuple]) -> Select[Any]:
    """Return a statement that selects the columns of a record, in the record's order."""
    return select(*columns_of(table, record._fields))


def read_records(result: Result[Any], record: type[RecordT]) -> list[RecordT]:
    """Return the rows of a result, whose columns are those of the record, in its order."""
    return list(map(record._make, result))


def record_of(row: SQLModel, record: type[RecordT]) -> RecordT:
    """Return the record of a row that was just inserted."""
    return record._make(getattr(row, name) for name in record._fields)


def id_chunks(ids: Collection[str]) -> Iterator[Sequence[str]]:
    """Yield IDs, each once and in order, as many at a time as one statement should read."""
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), _IDS_AT_ONCE):
        yield ordered[start : start + _IDS_AT_ONCE]


async def records_by_id(
    connection: AsyncConnection,
    table: type[SQLModel],
    record: type[RecordT],
    ids: Collection[str],
    *,
    prefix: IdPrefix,
    user_id: str | None,
    where: Sequence[ColumnElement[bool]] = (),
    for_update: bool = False,
) -> dict[str, RecordT]:
    """Return records by ID. IDs without a row are left out.

    Args:
        connection: Where to read.
        table: The table.
        record: The type of the records.
        ids: The IDs. Those with another prefix are left out.
        prefix: What the table's IDs start with, such as ``img``.
        user_id: The owner of the rows; None means any owner.
        where: Further conditions.
        for_update: Whether to lock the rows until the transaction ends.
    """
    statement = _select_by_id(table, record, is_owned=user_id is not None, for_update=for_update)
    if where:
        statement = statement.where(*where)
    values = id_values(ids, prefix=prefix, user_id=user_id)
    return {row.id: record._make(row) for row in await connection.execute(statement, values)}


# Made once: SQLAlchemy takes longer to make a statement and its cache key than to execute it.
@cache
def _select_by_id(
    table: type[SQLModel], record: type[NamedTuple], *, is_owned: bool, for_update: bool
) -> Select[Any]:
    statement = select_records(table, record)
    return with_ids(statement, table, is_owned=is_owned, for_update=for_update)


def with_ids(
    statement: Select[Any], table: type[SQLModel], *, is_owned: bool, for_update: bool
) -> Select[Any]:
    """Narrow a statement to rows with the IDs, and of the owner, that ``id_values`` returns.

    Args:
        statement: The statement.
        table: The table.
        is_owned: Whether the rows are those of one owner.
        for_update: Whether to lock the rows until the transaction ends.
    """
    columns = table_of(table).c
    statement = statement.where(columns.id.in_(bindparam(_IDS, expanding=True)))
    if is_owned:
        statement = statement.where(columns.user_id == bindparam(_OWNER))
    return statement.with_for_update() if for_update else statement


def id_values(ids: Collection[str], *, prefix: IdPrefix, user_id: str | None) -> dict[str, Any]:
    """Return the values of a statement from ``with_ids``; it is owned unless the user is None.

    IDs with another prefix are left out.
    """
    values: dict[str, Any] = {_IDS: [one for one in ids if has_prefix(one, prefix)]}
    return values if user_id is None else {**values, _OWNER: user_id}
