"""The table of idempotency keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import JsonValue, UtcDateTime


class IdempotencyKeyRow(SQLModel, table=True):
    """A client's key for a request that spends, and the result of the request."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        Index("ix_idempotency_keys_completed_at", "completed_at"),
        Index("ix_idempotency_keys_result_id", "result_id"),
    )

    user_id: str = Field(primary_key=True)
    operation: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    input_hash: str
    result_id: str
    """The ID that the result has or will have."""
    accepted: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    """What was decided when the request was accepted, for a process that takes it over."""
    error: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    """The error of a request that failed permanently."""
    process_id: str
    """The process that works on it while ``completed_at`` is empty; empty text if none does."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
