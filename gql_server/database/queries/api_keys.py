"""Statements about API keys; none of them ever reads or writes a secret, only its hash."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, String, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.columns import UtcDateTime
from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import (
    Facts,
    Page,
    PageRequest,
    page_statement,
    read_facts,
    read_page,
)
from gql_server.database.engine.raw_reads import RawRead, compiled
from gql_server.database.tables.tables import ApiKeyRow
from gql_server.domain.ids import has_prefix

API_KEY_COLUMNS = frozenset(ApiKeyRow.__table__.columns.keys()) - {"secret_hash"}  # type: ignore[attr-defined]  # SQLModel does not type __table__
"""Every column that a reader can ask for."""

_AT_ONCE: Final = 1_000
"""Drivers bound how many values a statement may have."""


async def insert_api_key(connection: AsyncConnection, key: ApiKeyRow) -> None:
    """Write a new key."""
    await connection.execute(insert(ApiKeyRow), key.model_dump())


async def find_api_key_by_prefix(database: Database, prefix: str) -> Facts | None:
    """Return what is needed to authenticate an API key.

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
    found = dict(zip(_AUTHENTICATING, rows[0], strict=True))
    for name in ("expires_at", "revoked_at"):
        if found[name] is not None:
            found[name] = database.values.utc(found[name])
    return found


async def find_api_keys(
    connection: AsyncConnection,
    ids: Collection[str],
    *,
    user_id: str | None,
    for_update: bool = False,
) -> dict[str, Facts]:
    """Return keys by id, revoked ones too; an id that is not there is left out.

    With ``for_update`` nobody else changes them until the transaction ends.
    """
    shaped = [key_id for key_id in ids if has_prefix(key_id, "key")]
    statement = _select(API_KEY_COLUMNS, user_id=user_id).where(col(ApiKeyRow.id).in_(shaped))
    if for_update:
        statement = statement.with_for_update()
    return {row["id"]: row for row in read_facts(await connection.execute(statement))}


async def find_good_keys(connection: AsyncConnection, ids: Collection[str]) -> set[str]:
    """Return those of these keys that were not revoked, whether or not they have expired."""
    found: set[str] = set()
    wanted = list(ids)
    for begin in range(0, len(wanted), _AT_ONCE):
        some = wanted[begin : begin + _AT_ONCE]
        rows = await connection.execute(_GOOD, {"key_ids": some})
        found.update(rows.scalars())
    return found


async def api_key_page(
    connection: AsyncConnection, request: PageRequest, *, user_id: str | None
) -> Page:
    """Return one page of keys, revoked ones too."""
    wanted = _select(API_KEY_COLUMNS, user_id=user_id)
    statement = page_statement(wanted, col(ApiKeyRow.created_at), col(ApiKeyRow.id), request)
    return read_page(read_facts(await connection.execute(statement)), request)


async def count_api_keys(connection: AsyncConnection, *, user_id: str | None) -> int:
    """Count keys, revoked ones too."""
    found = _select({"id"}, user_id=user_id).subquery()
    statement = select(func.count(found.c.id))
    return int((await connection.execute(statement)).scalar_one())


async def set_revoked_at(connection: AsyncConnection, key_id: str, moment: datetime) -> None:
    """Write down since when a key is good no longer."""
    await connection.execute(
        update(ApiKeyRow).where(col(ApiKeyRow.id) == key_id).values(revoked_at=moment)
    )


async def set_last_used_at(connection: AsyncConnection, moments: Mapping[str, datetime]) -> None:
    """Write down when keys were used; what another process knows to be later stays."""
    rows = [{"used_key": key_id, "used_at": moments[key_id]} for key_id in sorted(moments)]
    await connection.execute(_SET_LAST_USED_AT, rows)


def _select(columns: Collection[str], *, user_id: str | None) -> Select[Any]:
    statement = select(*(getattr(ApiKeyRow, name) for name in sorted(columns)))
    if user_id is not None:
        statement = statement.where(col(ApiKeyRow.user_id) == user_id)
    return statement


_AUTHENTICATING: Final = ("id", "secret_hash", "user_id", "role", "expires_at", "revoked_at")
_BY_PREFIX: Final = select(*(getattr(ApiKeyRow, name) for name in _AUTHENTICATING)).where(
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
