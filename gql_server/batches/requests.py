"""A requested batch, before validation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gql_server.domain.batches import BatchPriority
from gql_server.domain.errors import Path
from gql_server.generation.requests.request import ImageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchImage:
    """A requested image of a batch.

    Attributes:
        request: The image, including the settings of the whole batch.
        path: Its position in the caller's input.
        own: The fields it sets itself; the others are the batch's.
    """

    request: ImageRequest
    path: Path
    own: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """A requested batch.

    Attributes:
        pictures: The images to generate, in order.
        images_per_prompt: Number of copies of each.
        priority: Order among the user's batches.
        max_cost: Maximum cost in US dollars; a more expensive batch is refused.
        webhook_url: The URL to notify when the batch ends.
        is_single: Whether it is a generation: one image, in no list of batches.
        retry_of: The batch whose failed items these are.
        name: Its name for people.
        tags: The tags that it gives its images; some may have others.
        metadata: The metadata that it gives its images, likewise.
    """

    pictures: Sequence[BatchImage]
    images_per_prompt: int = 1
    priority: BatchPriority = BatchPriority.NORMAL
    max_cost: float | None = None
    webhook_url: str | None = None
    is_single: bool = False
    retry_of: str | None = None
    name: str | None = None
    tags: Sequence[str] | None = None
    metadata: Mapping[str, Any] | None = None
