"""Webhooks and their deliveries as they are read."""

from datetime import datetime
from typing import NamedTuple


class WebhookRecord(NamedTuple):
    """A webhook without its body."""

    id: str
    user_id: str | None
    subject_id: str
    kind: str
    url: str
    traceparent: str | None
    status: str
    round: int
    attempts: int
    next_delivery_at: datetime | None
    delivered_at: datetime | None
    created_at: datetime


class DeliveryRecord(NamedTuple):
    """An attempt to deliver a webhook, and its result."""

    id: str
    webhook_id: str
    started_at: datetime
    status_code: int | None
    duration_ms: int
    error: str | None
