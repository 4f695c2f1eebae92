"""Statements about API keys. None reads or writes a secret, only its hash."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, String, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.columns import UtcDateTime
from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import Page, PageRequest, page_statement, read_page
from gql_server.database.engine.raw_reads import RawRead, compiled
from gql_server.database.engine.records import read_records, records_by_id, select_records
from gql_server.database.records.api_keys import ApiKeyRecord, KeyCredentials
from gql_server.database.tables.access import ApiKeyRow

_AT_ONCE: Final = 1_000
"""Drivers limit the number of values in a statement."""


async def insert_api_key(connection: AsyncConnection, key: ApiKeyRow) -> None:
    """Write a new key."""
    await connection.execute(insert(ApiKeyRow), key.model_dump())


async def find_credentials(database: Database, prefix: str) -> KeyCredentials | None:
    """Return what is needed to authenticate an API key, by the prefix of its secret.

    Each request reads it, on the driver's own cursor.

    Raises:
        DatabaseUnavailable: The database does not answer.
    """
    values = {"shown_prefix": prefix}
    read = _READS_BY_PREFIX.get(database.is_sqlite)
    if read is None:
        read = _READS_BY_PREFIX[database.is_sqlite] = compiled(_BY_PREFIX, database.dialect, values)
    rows = await database.rows(read, values)
    if not rows:
        return None
    found = KeyCredentials._make(rows[0])
    utc = database.values.utc
    return found._replace(
        expires_at=None if found.expires_at is None else utc(found.expires_at),
        revoked_at=None if found.revoked_at is None else utc(found.revoked_at),
    )


async def find_api_keys(
    connection: AsyncConnection,
    ids: Collection[str],
    *,
    user_id: str | None,
    for_update: bool = False,
) -> dict[str, ApiKeyRecord]:
    """Return keys by ID, revoked ones too. IDs without a key are left out.

    ``for_update`` locks them until the transaction ends.
    """
    return await records_by_id(
        connection,
        ApiKeyRow,
        ApiKeyRecord,
        ids,
        prefix="key",
        user_id=user_id,
        for_update=for_update,
    )


async def find_valid_keys(connection: AsyncConnection, ids: Collection[str]) -> set[str]:
    """Return which of these keys were not revoked, whether or not they have expired."""
    found: set[str] = set()
    ordered = list(ids)
    for begin in range(0, len(ordered), _AT_ONCE):
        some = ordered[begin : begin + _AT_ONCE]
        rows = await connection.execute(_GOOD, {"key_ids": some})
        found.update(rows.scalars())
    return found


async def api_key_page(
    connection: AsyncConnection, request: PageRequest, *, user_id: str | None
) -> Page[ApiKeyRecord]:
    """Return one page of keys, revoked ones too."""
    chosen = _of_user(select_records(ApiKeyRow, ApiKeyRecord), user_id)
    statement = page_statement(chosen, col(ApiKeyRow.created_at), col(ApiKeyRow.id), request)
    rows = read_records(await connection.execute(statement), ApiKeyRecord)
    return read_page(rows, request)


async def count_api_keys(connection: AsyncConnection, *, user_id: str | None) -> int:
    """Count keys, revoked ones too."""
    statement = _of_user(select(func.count(col(ApiKeyRow.id))), user_id)
    return int((await connection.execute(statement)).scalar_one())


async def set_revoked_at(connection: AsyncConnection, key_id: str, moment: datetime) -> None:
    """Write when a key was revoked."""
    await connection.execute(
        update(ApiKeyRow).where(col(ApiKeyRow.id) == key_id).values(revoked_at=moment)
    )


async def set_last_used_at(connection: AsyncConnection, moments: Mapping[str, datetime]) -> None:
    """Write when keys were used; a later time of another process stays."""
    rows = [{"used_key": key_id, "used_at": moments[key_id]} for key_id in sorted(moments)]
    await connection.execute(_SET_LAST_USED_AT, rows)


def _of_user(statement: Select[Any], user_id: str | None) -> Select[Any]:
    return statement if user_id is None else statement.where(col(ApiKeyRow.user_id) == user_id)


_BY_PREFIX: Final = select_records(ApiKeyRow, KeyCredentials).where(
    col(ApiKeyRow.prefix) == bindparam("shown_prefix", type_=String())
)
_READS_BY_PREFIX: Final[dict[bool, RawRead]] = {}
"""The statement as text, for SQLite (True) and PostgreSQL."""

_GOOD: Final = select(col(ApiKeyRow.id)).where(
    col(ApiKeyRow.id).in_(bindparam("key_ids", expanding=True)), col(ApiKeyRow.revoked_at).is_(None)
)

_SET_LAST_USED_AT: Final = (
    update(ApiKeyRow)
    .where(
        col(ApiKeyRow.id) == bindparam("used_key", type_=String()),
        or_(
            col(ApiKeyRow.last_used_at).is_(None),
            col(ApiKeyRow.last_used_at) < bindparam("used_at", type_=UtcDateTime()),
        ),
    )
    .values(last_used_at=bindparam("used_at", type_=UtcDateTime()))
)
