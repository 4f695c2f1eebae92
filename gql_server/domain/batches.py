"""The states of batches and their items."""

from enum import StrEnum
from typing import Final


class BatchStatus(StrEnum):
    """Current status of a batch."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELING = "canceling"
    SUCCEEDED = "succeeded"
    PARTIALLY_FAILED = "partially_failed"
    FAILED = "failed"
    CANCELED = "canceled"


class ItemStatus(StrEnum):
    """Current status of an item of a batch."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class BatchPriority(StrEnum):
    """Priority of a batch among its user's batches. Users take turns whatever their priorities."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class PauseReason(StrEnum):
    """Why a batch is paused."""

    DAILY_ALLOCATION_USED = "daily_allocation_used"
    PROVIDER_REFUSED_SERVER = "provider_refused_server"
    STORE_UNAVAILABLE = "store_unavailable"
    RESTORED = "restored"


STARTABLE: Final = (BatchStatus.QUEUED, BatchStatus.RUNNING)
"""Statuses in which items may be started."""

FINISHED: Final = (
    BatchStatus.SUCCEEDED,
    BatchStatus.PARTIALLY_FAILED,
    BatchStatus.FAILED,
    BatchStatus.CANCELED,
)
"""Final statuses of a batch."""
