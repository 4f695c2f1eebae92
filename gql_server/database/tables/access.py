"""The table of API keys."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import UtcDateTime


class ApiKeyRow(SQLModel, table=True):
    """An API key. Only a hash of its secret is stored."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_page", "created_at", "id"),)

    id: str = Field(primary_key=True)
    prefix: str = Field(unique=True)
    """The start of the secret, to find and recognize the key by."""
    secret_hash: str
    """SHA-256 of the whole secret, in hex."""
    user_id: str
    role: str
    name: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Accurate to about a minute."""
