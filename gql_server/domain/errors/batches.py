"""Errors about batches."""

from gql_server.domain.batches import BatchStatus
from gql_server.domain.errors.base import DomainError, ErrorCode


class BatchPending(DomainError):
    """The request's deadline passed; the batch is still being accepted, and will then run.

    Attributes:
        batch_id: The ID that it will have, ``bat_…``, or ``gen_…`` for a generation.
    """

    def __init__(self, batch_id: str, *, noun: str = "batch") -> None:
        super().__init__(
            f"The {noun} is still being accepted.",
            code=ErrorCode.BATCH_PENDING,
        )
        self.batch_id = batch_id


class BatchConflict(DomainError):
    """The batch's status does not allow the operation.

    Attributes:
        batch_id: The batch.
        status: Its current status.
    """

    def __init__(self, message: str, *, batch_id: str, status: BatchStatus) -> None:
        super().__init__(message, code=ErrorCode.BATCH_CONFLICT, path=("id",))
        self.batch_id = batch_id
        self.status = status


class QueueFull(DomainError):
    """The user has too many images in unfinished batches and generations.

    Attributes:
        queued: How many the user has now.
        max_queued: How many a user may have.
    """

    def __init__(self, *, queued: int, requested: int, max_queued: int) -> None:
        message = (
            f"The user has {queued} images waiting or being generated; {requested} more would "
            f"exceed the maximum of {max_queued}. Try again when enough of them have been "
            "generated, or cancel a batch."
        )
        super().__init__(message, code=ErrorCode.QUEUE_FULL)
        self.queued = queued
        self.max_queued = max_queued
