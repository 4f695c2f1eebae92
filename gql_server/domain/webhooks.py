"""The events that webhooks report, and the state of their deliveries."""

from enum import StrEnum


class WebhookKind(StrEnum):
    """The event; the ``type`` in a webhook's body."""

    BATCH_FINISHED = "batch.finished"
    GENERATION_FINISHED = "generation.finished"
    BUDGET_THRESHOLD_REACHED = "budget.threshold_reached"


class WebhookStatus(StrEnum):
    """Current status of a webhook."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
