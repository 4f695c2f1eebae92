"""The tables of budgets. Money is in billionths of a dollar."""

from datetime import datetime

from sqlalchemy import BigInteger, SmallInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import UtcDateTime


class BudgetRow(SQLModel, table=True):
    """The maximum spending of the server, a user, or an API key in a day or a month."""

    __tablename__ = "budgets"
    __table_args__ = (UniqueConstraint("scope", "subject_id", "period"),)

    id: str = Field(primary_key=True)
    scope: str
    subject_id: str
    """The user or the key; empty text for the server."""
    period: str
    time_zone: str
    amount: int = Field(sa_type=BigInteger)
    is_hard: bool
    webhook_url: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class BudgetAlertRow(SQLModel, table=True):
    """A percentage of a budget that was reached in one of its periods; reported once."""

    __tablename__ = "budget_alerts"

    budget_id: str = Field(primary_key=True, foreign_key="budgets.id", ondelete="CASCADE")
    period_starts_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    percent: int = Field(primary_key=True, sa_type=SmallInteger)
    reached_at: datetime = Field(sa_type=UtcDateTime)


class ReservationRow(SQLModel, table=True):
    """Money that is reserved for accepted work until it ends."""

    __tablename__ = "reservations"

    id: str = Field(primary_key=True)
    """The ID of the work: an image's or a batch's."""
    user_id: str
    key_id: str | None = None
    amount: int = Field(sa_type=BigInteger)
    is_preview: bool
    process_id: str | None = None
    """The process that works; the reservation holds while it lives. None: until it is released."""
    created_at: datetime = Field(sa_type=UtcDateTime)
