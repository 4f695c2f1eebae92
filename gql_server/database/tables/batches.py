"""The tables of batches. Money is in billionths of a dollar."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Text, false, text
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import JsonValue, UtcDateTime


class BatchRow(SQLModel, table=True):
    """A batch of images.

    The counts are those of its items, and change with them under this row's lock.
    """

    __tablename__ = "batches"
    __table_args__ = (
        # Admins see everyone's.
        Index("ix_batches_all_page", "is_single", "created_at", "id"),
        Index("ix_batches_page", "user_id", "is_single", "created_at", "id"),
        Index("ix_batches_status", "status", "created_at"),
        Index(
            "ix_batches_unfinished",
            "user_id",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    user_id: str
    key_id: str | None = None
    status: str
    paused_reason: str | None = None
    resumes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    priority: str
    slices: int
    """Number of jobs its items are divided into."""
    round: int = 0
    """How often its jobs were enqueued again; a part of their IDs."""
    total: int
    queued: int
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    sequence: int = 0
    """Number of its last event; each finished item is one."""
    cost: int = Field(default=0, sa_type=BigInteger)
    estimated_cost: int = Field(sa_type=BigInteger)
    """Expected total cost at its end."""
    typical_seconds: float
    """Total of its images' typical times, one after another."""
    is_preview: bool
    is_single: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether it is a generation: one image, in no list of batches."""
    retry_of: str | None = Field(default=None, foreign_key="batches.id")
    webhook_url: str | None = None
    name: str | None = None
    traceparent: str | None = None
    """The place in a trace of the request that it was accepted by."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    working_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it would have started without pauses; None if it was not paused or not started."""
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BatchLabelsRow(SQLModel, table=True):
    """What a batch is found by beside its ID, if it has any of it.

    It has a table of its own, because the row of a batch is read and written with each item.
    """

    __tablename__ = "batch_labels"

    batch_id: str = Field(primary_key=True, foreign_key="batches.id")
    search_text: str = Field(sa_type=Text)
    """The name as ``domain/search.py`` folds it, so that every database finds the same."""
    tags: list[str] = Field(sa_type=JsonValue)
    """Those that the batch gives its images."""
    details: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    """The ``metadata`` that the batch gives its images; a table class cannot use that name."""


class BatchItemRow(SQLModel, table=True):
    """An item of a batch: one image."""

    __tablename__ = "batch_items"
    __table_args__ = (
        Index("ix_batch_items_page", "batch_id", "created_at", "id"),
        Index("ix_batch_items_sequence", "batch_id", "sequence"),
        Index("ix_batch_items_slice", "batch_id", "slice", "position"),
        Index("ix_batch_items_status", "batch_id", "status", "created_at", "id"),
    )

    id: str = Field(primary_key=True)
    batch_id: str = Field(foreign_key="batches.id")
    user_id: str
    position: int
    """From 0, in the order of the request."""
    slice: int
    status: str
    prompt: str = Field(sa_type=Text)
    request: dict[str, Any] = Field(sa_type=JsonValue)
    """The request."""
    accepted: dict[str, Any] = Field(sa_type=JsonValue)
    """What was decided when it was accepted."""
    image_id: str
    """The ID that its image has or will have."""
    price: int = Field(sa_type=BigInteger)
    error: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    attempts: int = 0
    """How often generation was started: again after a crash or a postponement."""
    process_id: str | None = None
    """The process that works on it, while it is running."""
    sequence: int | None = None
    """The number of the event of its end."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    """The batch's time, plus a microsecond for each item before it: pages use it."""
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
