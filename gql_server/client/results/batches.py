"""Batches, and their progress."""

from datetime import datetime
from decimal import Decimal

from gql_server.client.results.base import Result
from gql_server.client.results.images import ImageFile
from gql_server.client.results.user_errors import UserError


class Batch(Result):
    """Images that were requested together. The five counts add up to ``total``.

    Attributes:
        id: ID of the batch, ``bat_…``.
        name: Name, for people.
        status: ``QUEUED``, ``RUNNING``, ``PAUSED``, ``CANCELING``, ``SUCCEEDED``,
            ``PARTIALLY_FAILED``, ``FAILED`` or ``CANCELED``.
        priority: ``HIGH``, ``NORMAL`` or ``LOW``.
        total: Number of images requested.
        queued: Number of items that have not started.
        running: Number of items being generated.
        succeeded: Number of items with an image.
        failed: Number of items that failed.
        canceled: Number of items that were canceled.
        sequence: Number of the latest event, for ``watch_batch(after=…)``.
        cost: Amount charged so far, in US dollars.
        estimated_cost: Estimated cost of the whole batch, in US dollars.
        estimated_finish_at: When it is estimated to finish.
        paused_reason: Why it is paused. None unless it is.
        resumes_at: When it resumes automatically.
        user_id: ID of the user who owns it.
        created_at: When it was accepted.
        started_at: When the first item started.
        finished_at: When the last item finished.
        tags: Tags that it gives its images.
    """

    id: str
    name: str | None
    status: str
    priority: str
    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    canceled: int
    sequence: int
    cost: Decimal
    estimated_cost: Decimal
    estimated_finish_at: datetime | None
    paused_reason: str | None
    resumes_at: datetime | None
    user_id: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    tags: tuple[str, ...]

    @property
    def finished(self) -> int:
        """Number of items that have succeeded, failed or been canceled."""
        return self.succeeded + self.failed + self.canceled

    @property
    def is_finished(self) -> bool:
        """Whether all items have finished."""
        return self.finished_at is not None


class BatchItem(Result):
    """One image of a batch.

    Attributes:
        id: ID of the item, ``itm_…``.
        index: Position in the batch, from 0.
        sequence: Number of the event that finished it. None before that.
        prompt: The prompt as the user wrote it.
        status: ``QUEUED``, ``RUNNING``, ``SUCCEEDED``, ``FAILED`` or ``CANCELED``.
        image: The file of the image. None unless it succeeded, and once it is deleted.
        error: Why it failed. None unless it did.
    """

    id: str
    index: int
    sequence: int | None
    prompt: str
    status: str
    image: ImageFile | None
    error: UserError | None


class BatchProgress(Result):
    """News of a batch: everything up to ``sequence`` has been reported.

    Attributes:
        sequence: Continue from here with ``watch_batch(after=sequence)``.
        batch: The batch at this moment.
        finished_items: The items that finished since the last update.
    """

    sequence: int
    batch: Batch
    finished_items: tuple[BatchItem, ...]
