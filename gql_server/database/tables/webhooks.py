"""The tables of webhooks."""

from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import UtcDateTime
from gql_server.domain.webhooks import WebhookStatus


class WebhookRow(SQLModel, table=True):
    """Something that happened, to be told at an address; written with what happened."""

    __tablename__ = "webhooks"
    __table_args__ = (
        Index("ix_webhooks_subject", "subject_id", "id"),
        Index(
            "ix_webhooks_due",
            "next_delivery_at",
            "id",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
    )

    id: str = Field(primary_key=True)
    user_id: str | None = None
    """Whose it is; None: the server's own, for admins."""
    subject_id: str
    """What it tells of: a batch, a budget."""
    kind: str
    url: str
    body: str = Field(sa_type=Text)
    """What is sent, to the letter, each time."""
    status: str = WebhookStatus.PENDING
    round: int = 1
    """Which round of deliveries this is; asking for redelivery begins another."""
    attempts: int = 0
    """Deliveries of this round that were made."""
    next_delivery_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """None unless it is pending."""
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class WebhookDeliveryRow(SQLModel, table=True):
    """An attempt to tell a webhook, and what came of it."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (Index("ix_webhook_deliveries_webhook", "webhook_id", "id"),)

    id: str = Field(primary_key=True)
    webhook_id: str = Field(foreign_key="webhooks.id", ondelete="CASCADE")
    started_at: datetime = Field(sa_type=UtcDateTime)
    status_code: int | None = None
    """None where there was no answer."""
    duration_ms: int
    error: str | None = None
    """Why it does not count as delivered."""
