"""The operations sent to a server, and the shape of its responses."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_BATCH: Final = """
fragment B on Batch {
  id status total queued running succeeded failed canceled sequence
  cost estimatedCost estimatedFinishAt pausedReason resumesAt finishedAt
}
"""
GENERATE_BATCH: Final = (
    """
mutation ($input: GenerateBatchInput!) {
  answer: generateBatch(input: $input) { batch { ...B } userErrors { message code path } }
}
"""
    + _BATCH
)
CANCEL_BATCH: Final = (
    """
mutation ($id: ID!) {
  answer: cancelBatch(input: {id: $id}) { batch { ...B } userErrors { message code path } }
}
"""
    + _BATCH
)
_ITEMS: Final = """
fragment I on BatchItem {
  index sequence prompt status image { id r2Key url } error { __typename message }
}
"""
READ_BATCH: Final = "query ($id: ID!) { batch(id: $id) { ...B } }" + _BATCH
READ_IMAGE: Final = "query ($id: ID!) { image(id: $id) { id r2Key url } }"
WATCH_BATCH: Final = (
    """
subscription ($id: ID!, $after: Int!) {
  batchProgress(id: $id, after: $after) {
    sequence
    batch { ...B }
    finishedItems { ...I }
  }
}
"""
    + _BATCH
    + _ITEMS
)
READ_PROGRESS: Final = (
    """
query ($id: ID!, $after: Int!) {
  batch(id: $id) { ...B finishedItems(after: $after) { ...I } }
}
"""
    + _BATCH
    + _ITEMS
)


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Batch(_Answer):
    """A batch as it was when the server answered; costs in US dollars."""

    id: str = Field(pattern=r"^bat_[0-9a-z]+$")
    status: str
    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    canceled: int
    sequence: int
    cost: float
    estimated_cost: float
    estimated_finish_at: datetime | None
    paused_reason: str | None = Field(pattern=r"^[A-Z_]+$")
    resumes_at: datetime | None
    finished_at: datetime | None

    @property
    def ended(self) -> int:
        """How many of its items have ended."""
        return self.succeeded + self.failed + self.canceled


class Image(_Answer):
    """An image, and the current address of its bytes."""

    id: str
    r2_key: str
    url: str


class ItemError(_Answer):
    """What kept an item from being made."""

    kind: str = Field(alias="__typename")
    message: str


class Item(_Answer):
    """An item of a batch that has ended."""

    index: int
    sequence: int
    prompt: str
    status: str
    image: Image | None
    error: ItemError | None


class Update(_Answer):
    """The progress of a batch: everything up to ``sequence`` has been reported."""

    sequence: int
    batch: Batch
    finished_items: Sequence[Item]


class Progress(Batch):
    """A batch, and items that ended after an event."""

    finished_items: Sequence[Item]


class UserError(_Answer):
    """What a server will not do, and why."""

    message: str
    code: str
    path: Sequence[str]


class BatchPayload(_Answer):
    """A mutation's outcome: the batch, or what kept it from being accepted."""

    batch: Batch | None
    user_errors: Sequence[UserError]
