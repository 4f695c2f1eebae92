"""What can be watched: how it is subscribed to, how it is polled, and when it is over."""

from typing import Any, ClassVar, Protocol, TypeVar

from gql_server.client.documents import (
    READ_GENERATION,
    READ_PROGRESS,
    WATCH_BATCH,
    WATCH_GENERATION,
)
from gql_server.client.errors.rejections import not_found
from gql_server.client.responses import read
from gql_server.client.results.base import Result
from gql_server.client.results.batches import Batch, BatchItem, BatchProgress
from gql_server.client.results.images import Generation

U_co = TypeVar("U_co", bound=Result, covariant=True)


class Subject(Protocol[U_co]):
    """Something that can be watched, and how far it has been.

    Attributes:
        subscription: The document that reports its news.
        query: The document that reads them.
        is_over: Whether there will be no more news after those that were read.
        has_more: Whether there are more to be read at once.
    """

    subscription: ClassVar[str]
    query: ClassVar[str]
    is_over: bool
    has_more: bool

    def variables(self) -> dict[str, Any]:
        """Return the variables of both documents, to continue from here."""

    def reported(self, data: dict[str, Any]) -> U_co:
        """Return an update of the subscription, and continue after it."""

    def polled(self, data: dict[str, Any]) -> U_co | None:
        """Return what the query read, and continue after it; None where it is nothing new."""


class BatchSubject:
    """A batch: each finished item is reported once."""

    subscription: ClassVar[str] = WATCH_BATCH
    query: ClassVar[str] = READ_PROGRESS

    def __init__(self, batch_id: str, after: int) -> None:
        self._batch_id = batch_id
        self._after = after
        self._last: Batch | None = None
        self.is_over = False
        self.has_more = False

    def variables(self) -> dict[str, Any]:
        """Return the variables of both documents, to continue from here."""
        return {"id": self._batch_id, "after": self._after}

    def reported(self, data: dict[str, Any]) -> BatchProgress:
        """Return an update of the subscription, and continue after it."""
        update = read(BatchProgress, data["batchProgress"])
        self._after, self._last = update.sequence, update.batch
        return update

    def polled(self, data: dict[str, Any]) -> BatchProgress | None:
        """Return what the query read, and continue after it; None where it is nothing new."""
        found = data["batch"]
        if found is None:
            raise not_found("Batch", self._batch_id)
        batch = read(Batch, found)
        items = tuple(read(BatchItem, item) for item in found["finishedItems"])
        if items and items[-1].sequence is not None:
            self._after = items[-1].sequence
        self.has_more = self._after < batch.sequence
        self.is_over = batch.is_finished and not self.has_more
        is_new = bool(items) or batch != self._last
        self._last = batch
        if not is_new:
            return None
        return BatchProgress.model_construct(
            sequence=self._after, batch=batch, finished_items=items
        )


class GenerationSubject:
    """A generation: each change of its state is reported."""

    subscription: ClassVar[str] = WATCH_GENERATION
    query: ClassVar[str] = READ_GENERATION

    def __init__(self, generation_id: str) -> None:
        self._generation_id = generation_id
        self._last: Generation | None = None
        self.is_over = False
        self.has_more = False

    def variables(self) -> dict[str, Any]:
        """Return the variables of both documents."""
        return {"id": self._generation_id}

    def reported(self, data: dict[str, Any]) -> Generation:
        """Return an update of the subscription."""
        return self._take(data["generationProgress"])

    def polled(self, data: dict[str, Any]) -> Generation | None:
        """Return what the query read; None where it is nothing new."""
        if data["result"] is None:
            raise not_found("Generation", self._generation_id)
        last = self._last
        generation = self._take(data["result"])
        return generation if generation != last else None

    def _take(self, found: Any) -> Generation:
        self._last = read(Generation, found)
        self.is_over = self._last.is_finished
        return self._last
