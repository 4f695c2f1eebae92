"""Tables that coordinate processes: their heartbeats, rate limits, the store and its audits."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import JsonValue, UtcDateTime


class ProcessRow(SQLModel, table=True):
    """A running process: what it holds is its own as long as it sends heartbeats."""

    __tablename__ = "processes"

    id: str = Field(primary_key=True)
    beat_at: datetime = Field(sa_type=UtcDateTime)


class RateLimitRow(SQLModel, table=True):
    """A limit across all processes, as the time from which on nothing of it is used.

    Microseconds since 1970: when the next attempt of a kind at the provider is due, or when a
    user's allowance is full.
    """

    __tablename__ = "rate_limits"

    kind: str = Field(primary_key=True)
    next_at: int = Field(sa_type=BigInteger)


class StoreRow(SQLModel, table=True):
    """The store that has the images, as its marker names it; one row."""

    __tablename__ = "stores"

    purpose: str = Field(primary_key=True)
    """Always ``pictures``."""
    store_id: str
    adopted_at: datetime = Field(sa_type=UtcDateTime)


class StoreAuditRow(SQLModel, table=True):
    """How far a comparison of the store with the database has come, and what it found."""

    __tablename__ = "store_audits"

    purpose: str = Field(primary_key=True)
    """An ``AuditPurpose``."""
    state: dict[str, Any] = Field(sa_type=JsonValue)
    """Where it continues, and with which options."""
    report: dict[str, Any] = Field(sa_type=JsonValue)
    """What it found so far."""
    last_report: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    """What the comparison before it found, of the whole store."""
    until: str = Field(sa_type=Text)
    """The last key of the store that was compared."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
