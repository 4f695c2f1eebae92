"""Statements about idempotency keys: each race is decided by one conditional change."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, delete, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.columns import columns_of
from gql_server.database.engine.inserts import insert_into
from gql_server.database.engine.present import present
from gql_server.database.queries.processes import is_alive
from gql_server.database.records.idempotency_keys import KeyRecord
from gql_server.database.tables.idempotency_keys import IdempotencyKeyRow

NO_PROCESS: Final = ""
"""Holder of a key that no process works on, though something was spent under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyScope:
    """A client's key, for one user and one operation."""

    user_id: str
    operation: str
    key: str


async def find_key(connection: AsyncConnection, scope: KeyScope) -> KeyRecord | None:
    """Return an idempotency key, if it is in use."""
    held = is_alive(col(IdempotencyKeyRow.process_id))
    columns = columns_of(IdempotencyKeyRow, KeyRecord._fields[:-1])
    statement = select(*columns, held.label("is_held")).where(*_is(scope))
    row = (await connection.execute(statement)).one_or_none()
    return KeyRecord._make(row) if row is not None else None


async def claim_key(
    connection: AsyncConnection,
    scope: KeyScope,
    *,
    input_hash: str,
    result_id: str,
    accepted: Mapping[str, Any] | None,
    process_id: str,
) -> bool:
    """Claim a free key; return whether that succeeded."""
    dialect = connection.dialect.name
    insert = insert_into(dialect, IdempotencyKeyRow).values(
        user_id=scope.user_id,
        operation=scope.operation,
        key=scope.key,
        input_hash=input_hash,
        result_id=result_id,
        accepted=None if accepted is None else dict(accepted),
        process_id=process_id,
        created_at=present(dialect),
    )
    # Without this SQLAlchemy does not keep the number of rows that an INSERT wrote.
    statement = insert.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return (await connection.execute(statement)).rowcount == 1


async def take_over_key(
    connection: AsyncConnection,
    scope: KeyScope,
    *,
    result_id: str,
    process_id: str,
) -> bool:
    """Take an unfinished key over from a dead process; return whether that succeeded.

    A process may also take its own key again, which it holds from abandoned work.
    """
    holder = col(IdempotencyKeyRow.process_id)
    statement = (
        update(IdempotencyKeyRow)
        .where(
            *_is_open(scope, result_id),
            or_(holder == process_id, ~is_alive(holder)),
        )
        .values(process_id=process_id)
    )
    return (await connection.execute(statement)).rowcount == 1


async def complete_key(connection: AsyncConnection, scope: KeyScope, *, result_id: str) -> None:
    """Complete a key, whichever process holds it."""
    await connection.execute(
        update(IdempotencyKeyRow)
        .where(*_is_open(scope, result_id))
        .values(completed_at=present(connection.dialect.name), accepted=None)
    )


async def complete_keys_of(connection: AsyncConnection, result_ids: Collection[str]) -> None:
    """Complete the open keys whose results are these, whichever processes hold them."""
    await connection.execute(
        update(IdempotencyKeyRow)
        .where(
            col(IdempotencyKeyRow.result_id).in_(result_ids),
            col(IdempotencyKeyRow.completed_at).is_(None),
        )
        .values(completed_at=present(connection.dialect.name), accepted=None)
    )


async def fail_key(
    connection: AsyncConnection,
    scope: KeyScope,
    *,
    result_id: str,
    process_id: str,
    error: Mapping[str, Any],
) -> None:
    """Record the error of a request that failed permanently, if the process holds the key."""
    await connection.execute(
        update(IdempotencyKeyRow)
        .where(*_is_open(scope, result_id), col(IdempotencyKeyRow.process_id) == process_id)
        .values(completed_at=present(connection.dialect.name), accepted=None, error=dict(error))
    )


async def delete_key(
    connection: AsyncConnection, scope: KeyScope, *, result_id: str, process_id: str
) -> None:
    """Delete a key that the process holds."""
    await connection.execute(
        delete(IdempotencyKeyRow).where(
            *_is_open(scope, result_id), col(IdempotencyKeyRow.process_id) == process_id
        )
    )


async def release_key(
    connection: AsyncConnection, scope: KeyScope, *, result_id: str, process_id: str
) -> None:
    """Release a key that the process holds for the next request, with its result's ID."""
    await connection.execute(
        update(IdempotencyKeyRow)
        .where(*_is_open(scope, result_id), col(IdempotencyKeyRow.process_id) == process_id)
        .values(process_id=NO_PROCESS)
    )


async def remove_old_keys(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Delete keys that were completed, or started and abandoned, before this time.

    Returns:
        How many were deleted, at most ``limit``.
    """
    completed_at = col(IdempotencyKeyRow.completed_at)
    given_up = and_(
        completed_at.is_(None),
        col(IdempotencyKeyRow.created_at) < before,
        ~is_alive(col(IdempotencyKeyRow.process_id)),
    )
    whole_key = tuple_(
        col(IdempotencyKeyRow.user_id),
        col(IdempotencyKeyRow.operation),
        col(IdempotencyKeyRow.key),
    )
    old = select(*whole_key).where(or_(completed_at < before, given_up)).limit(limit)
    outcome = await connection.execute(delete(IdempotencyKeyRow).where(whole_key.in_(old)))
    return outcome.rowcount


def _is(scope: KeyScope) -> tuple[ColumnElement[bool], ...]:
    return (
        col(IdempotencyKeyRow.user_id) == scope.user_id,
        col(IdempotencyKeyRow.operation) == scope.operation,
        col(IdempotencyKeyRow.key) == scope.key,
    )


def _is_open(scope: KeyScope, result_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        *_is(scope),
        col(IdempotencyKeyRow.result_id) == result_id,
        col(IdempotencyKeyRow.completed_at).is_(None),
    )
