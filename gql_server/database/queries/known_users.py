"""Whether a user or an API key is known."""

from typing import Final

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.tables.access import ApiKeyRow
from gql_server.database.tables.batches import BatchRow
from gql_server.database.tables.images import ImageRow, SourceImageRow
from gql_server.database.tables.ledger import ChargeRow
from gql_server.database.tables.templates import TemplateRow

_OWNED: Final = (ApiKeyRow, ImageRow, BatchRow, TemplateRow, SourceImageRow, ChargeRow)


async def is_known_user(connection: AsyncConnection, user_id: str) -> bool:
    """Return whether a user has, or ever had, a key, or anything that was created with one."""
    owned = (exists().where(col(table.user_id) == user_id) for table in _OWNED)
    return bool((await connection.execute(select(or_(*owned)))).scalar_one())


async def is_known_key(connection: AsyncConnection, key_id: str) -> bool:
    """Return whether there is, or was, an API key with this ID."""
    found = await connection.execute(select(exists().where(col(ApiKeyRow.id) == key_id)))
    return bool(found.scalar_one())
