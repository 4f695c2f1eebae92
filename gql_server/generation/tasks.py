"""Running generations: they outlive their requests, and a shutdown waits for them."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import structlog

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain.errors import DomainError, GenerationFailed, GenerationPending, Rejected
from gql_server.transient import ServerBusy

_MAX_NAMES: Final = 20

log = structlog.get_logger(__name__)

T = TypeVar("T")


class RunningGenerations:
    """Holds the task of each generation, so that neither a client nor a deadline ends it."""

    def __init__(self, *, deadline_seconds: float, limit: int = 512) -> None:
        """Take the deadline of requests, and the maximum number of images at once."""
        self._deadline_seconds = deadline_seconds
        self._limit = limit
        self._requests = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._awaited: set[asyncio.Task[Any]] = set()
        self._stopping = False

    def __len__(self) -> int:
        return len(self._tasks)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request for an image, from before its validation until its response.

        Raises:
            ServerBusy: There are too many requests, or too many images that are still being
                generated though their requests have ended.
        """
        if max(self._requests, len(self._tasks)) >= self._limit:
            raise ServerBusy
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    async def run(
        self,
        image_id: str,
        generation: Coroutine[Any, Any, T],
        *,
        pending: Callable[[str], DomainError] = GenerationPending,
    ) -> T:
        """Start a generation and wait for its result, until the request's deadline.

        The generation continues if the waiting ends, by the deadline or because the client
        disconnected.

        Args:
            image_id: The ID of the result.
            generation: The work.
            pending: The error to raise when the deadline has passed.

        Raises:
            GenerationPending: The deadline passed.
            GenerationFailed: The server is shutting down and starts nothing new.
        """
        task = self.start(image_id, generation)
        task.add_done_callback(self._report)
        self._awaited.add(task)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._deadline_seconds)
        finally:
            self._awaited.discard(task)
        if not done:
            raise pending(image_id)
        return task.result()

    def start(self, image_id: str, generation: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a generation without waiting for it.

        Raises:
            GenerationFailed: The server is shutting down and starts nothing new.
        """
        if self._stopping:
            generation.close()
            raise GenerationFailed("The server is restarting. Try again.", retryable=True)
        task = asyncio.create_task(generation, name=f"generation {image_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self, *, timeout_seconds: float) -> None:
        """Start nothing new, and wait for running generations; abandon those that run longer."""
        self._stopping = True
        if not self._tasks:
            return
        log.info("waiting_for_generations", running=len(self._tasks), seconds=timeout_seconds)
        _, unfinished = await asyncio.wait(set(self._tasks), timeout=timeout_seconds)
        if unfinished:
            names = sorted(task.get_name() for task in unfinished)
            log.error("generations_given_up", number=len(names), first=names[:_MAX_NAMES])
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    def _report(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None or task in self._awaited:
            return  # those who wait get the error, and log it if necessary
        if isinstance(error, DomainError | Rejected | DatabaseUnavailable):
            log.warning("generation_failed", generation=task.get_name(), reason=str(error))
        else:
            log.error("generation_crashed", generation=task.get_name(), exc_info=error)
