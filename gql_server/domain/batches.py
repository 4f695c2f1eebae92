"""What a batch and its items can be: the states that clients see."""

from enum import StrEnum
from typing import Final


class BatchStatus(StrEnum):
    """Where a batch stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELING = "canceling"
    SUCCEEDED = "succeeded"
    PARTIALLY_FAILED = "partially_failed"
    FAILED = "failed"
    CANCELED = "canceled"


class ItemStatus(StrEnum):
    """Where an item of a batch stands."""

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
    """Why a batch waits."""

    DAILY_ALLOCATION_USED = "daily_allocation_used"
    PROVIDER_REFUSED_SERVER = "provider_refused_server"
    STORE_UNAVAILABLE = "store_unavailable"


STARTABLE: Final = (BatchStatus.QUEUED, BatchStatus.RUNNING)
"""Items of such a batch may be started."""

FINISHED: Final = (
    BatchStatus.SUCCEEDED,
    BatchStatus.PARTIALLY_FAILED,
    BatchStatus.FAILED,
    BatchStatus.CANCELED,
)
"""Nothing happens any more to such a batch."""
