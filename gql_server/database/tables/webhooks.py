"""The tables of webhooks."""

from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import UtcDateTime
from gql_server.domain.webhooks import WebhookStatus


class WebhookRow(SQLModel, table=True):
    """A webhook about an event, written in the transaction of the event."""

    __tablename__ = "webhooks"
    __table_args__ = (
        Index("ix_webhooks_subject", "subject_id", "id"),
        # Admins see everyone's.
        Index("ix_webhooks_all_page", "created_at", "id"),
        Index("ix_webhooks_page", "user_id", "created_at", "id"),
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
    """The owner; None: the server's own, for admins."""
    subject_id: str
    """The batch or budget the event is about."""
    kind: str
    url: str
    body: str = Field(sa_type=Text)
    """The body, sent unchanged each time."""
    traceparent: str | None = None
    """The place in a trace of the request that led to the event."""
    status: str = WebhookStatus.PENDING
    round: int = 1
    """The round of deliveries; a redelivery starts another."""
    attempts: int = 0
    """Number of delivery attempts in this round."""
    next_delivery_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """None unless it is pending."""
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class WebhookDeliveryRow(SQLModel, table=True):
    """An attempt to deliver a webhook, and its result."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (Index("ix_webhook_deliveries_webhook", "webhook_id", "id"),)

    id: str = Field(primary_key=True)
    webhook_id: str = Field(foreign_key="webhooks.id", ondelete="CASCADE")
    started_at: datetime = Field(sa_type=UtcDateTime)
    status_code: int | None = None
    """None if there was no response."""
    duration_ms: int
    error: str | None = None
    """Why it does not count as delivered."""
