"""The table of images that were generated and paid for, and not yet fetched from their provider."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import JsonValue, UtcDateTime


class RemoteImageRow(SQLModel, table=True):
    """Where a provider keeps an image, until it is stored here."""

    __tablename__ = "remote_images"
    __table_args__ = (Index("ix_remote_images_next_try_at", "next_try_at"),)

    image_id: str = Field(primary_key=True)
    """The ID that the image will have."""
    user_id: str
    batch_id: str | None = None
    """Of an image of a batch, which the batch's own work fetches."""
    url: str = Field(sa_type=Text)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    seconds: float
    seed: int | None = Field(default=None, sa_type=BigInteger)
    usage: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    log_id: str | None = None
    request: dict[str, Any] = Field(sa_type=JsonValue)
    """The request."""
    accepted: dict[str, Any] = Field(sa_type=JsonValue)
    """What was decided when it was accepted."""
    process_id: str | None = None
    """The process that fetches it; others take it over when that has ended or died."""
    next_try_at: datetime = Field(sa_type=UtcDateTime)
    """When the sweep fetches it next."""
    created_at: datetime = Field(sa_type=UtcDateTime)
