"""Statements about the images of a user in unfinished batches."""

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.tables.batches import BatchRow


async def count_unfinished_images(connection: AsyncConnection, user_id: str) -> int:
    """Count a user's images that wait in batches and generations, or are being generated."""
    waiting = func.sum(col(BatchRow.queued) + col(BatchRow.running))
    statement = select(func.coalesce(waiting, 0)).where(
        col(BatchRow.user_id) == user_id, col(BatchRow.finished_at).is_(None)
    )
    return int((await connection.execute(statement)).scalar_one())


async def lock_unfinished_images(connection: AsyncConnection, user_id: str) -> None:
    """Wait until no other transaction adds to a user's images, and exclude others until the end.

    SQLite has one writing transaction at a time, so it needs no lock.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"gql_server unfinished images of {user_id}"},
        )
