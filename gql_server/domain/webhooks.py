"""What can be told by webhooks, and how the telling stands."""

from enum import StrEnum


class WebhookKind(StrEnum):
    """What happened; each is the ``type`` of a webhook's body."""

    BATCH_FINISHED = "batch.finished"
    BUDGET_THRESHOLD_REACHED = "budget.threshold_reached"


class WebhookStatus(StrEnum):
    """How the telling stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
