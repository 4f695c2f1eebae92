"""What a caller asks for with a batch, before anything about it was checked."""

from collections.abc import Sequence
from dataclasses import dataclass

from gql_server.domain.batches import BatchPriority
from gql_server.domain.errors import Path
from gql_server.generation.requests import ImageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchImage:
    """A picture that is asked for with a batch.

    Attributes:
        request: The picture, with what the batch says for all of its pictures.
        path: Where it stands in the caller's input.
        own: The fields that it says itself; the others are the batch's.
    """

    request: ImageRequest
    path: Path
    own: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """Many pictures that a caller asks for.

    Attributes:
        pictures: What is to be made, in order.
        images_per_prompt: How many of each.
        priority: Which of the user's batches comes first.
        max_cost: Refuse the batch where it would cost more, in US dollars.
        webhook_url: Who is told of its end.
        retry_of: The batch whose failed items these are.
    """

    pictures: Sequence[BatchImage]
    images_per_prompt: int = 1
    priority: BatchPriority = BatchPriority.NORMAL
    max_cost: float | None = None
    webhook_url: str | None = None
    retry_of: str | None = None
