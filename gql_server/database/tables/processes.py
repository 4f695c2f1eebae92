"""Tables that coordinate processes: their heartbeats, rate limits, and the store."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import UtcDateTime


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
