"""The table of erasures."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import JsonValue, UtcDateTime


class ErasureRow(SQLModel, table=True):
    """The erasure of many images, or of all of a user's data; it continues after a crash.

    It stays as the record of what was erased, when and by whom.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        Index("ix_erasures_user", "user_id", "id"),
        Index(
            "ix_erasures_unfinished",
            "created_at",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    kind: str
    """An ``ErasureKind``."""
    user_id: str
    """The user who requested it, or whose data is erased."""
    images: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    """Which images; None once they are purged, because the filter may have words."""
    total: int
    """Number of images when it was accepted."""
    purged: int = 0
    """Number of images that were purged so far."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
