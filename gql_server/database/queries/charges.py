"""Statements about the ledger."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import insert, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.engine import Database
from gql_server.database.engine.records import read_records, select_records
from gql_server.database.queries.rollups import add_to_rollups, rollups_of
from gql_server.database.records.ledger import ChargeRecord
from gql_server.database.tables.ledger import ChargeRow

_CHUNK: Final = 5_000
_INSERT_CHARGE: Final = insert(ChargeRow)


async def record_charges(connection: AsyncConnection, charges: Sequence[ChargeRow]) -> None:
    """Write lines of the ledger, and add them to every roll-up."""
    await connection.execute(_INSERT_CHARGE, [charge.model_dump() for charge in charges])
    await add_to_rollups(connection, (row for charge in charges for row in rollups_of(charge)))


async def charge_chunks(
    database: Database, *, since: datetime | None, until: datetime | None
) -> AsyncIterator[Sequence[ChargeRecord]]:
    """Read the ledger in chunks, oldest line first; no transaction stays open between them."""
    created_at, charge_id = col(ChargeRow.created_at), col(ChargeRow.id)
    statement = select_records(ChargeRow, ChargeRecord).order_by(created_at, charge_id)
    statement = statement.limit(_CHUNK)
    if until is not None:
        statement = statement.where(created_at < until)
    if since is not None:
        statement = statement.where(created_at >= since)
    chunk_statement = statement
    while True:
        async with database.read() as connection:
            chunk = read_records(await connection.execute(chunk_statement), ChargeRecord)
        if chunk:
            yield chunk
        if len(chunk) < _CHUNK:
            return
        last = chunk[-1]
        chunk_statement = statement.where(
            tuple_(created_at, charge_id) > tuple_(last.created_at, last.id)
        )
