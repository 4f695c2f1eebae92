"""Batches and their items as they are read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple


class BatchRecord(NamedTuple):
    """A batch."""

    id: str
    user_id: str
    key_id: str | None
    status: str
    paused_reason: str | None
    resumes_at: datetime | None
    paused_at: datetime | None
    priority: str
    slices: int
    round: int
    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    canceled: int
    sequence: int
    cost: int
    estimated_cost: int
    typical_seconds: float
    is_preview: bool
    is_single: bool
    retry_of: str | None
    webhook_url: str | None
    name: str | None
    traceparent: str | None
    created_at: datetime
    started_at: datetime | None
    working_since: datetime | None
    finished_at: datetime | None


class BatchLabels(NamedTuple):
    """The tags and the metadata that a batch gives its images."""

    batch_id: str
    tags: Sequence[str]
    details: Mapping[str, Any] | None


class ItemRecord(NamedTuple):
    """An item of a batch, as its user sees it."""

    id: str
    batch_id: str
    user_id: str
    position: int
    status: str
    prompt: str
    image_id: str
    price: int
    error: Mapping[str, Any] | None
    attempts: int
    sequence: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ItemToDo(NamedTuple):
    """An unfinished item, with what is needed to generate its image.

    ``request`` is what the user requested, ``accepted`` what was decided when it was accepted.
    """

    id: str
    batch_id: str
    user_id: str
    slice: int
    status: str
    request: Mapping[str, Any]
    accepted: Mapping[str, Any]
    image_id: str
    price: int
    attempts: int
    process_id: str | None
