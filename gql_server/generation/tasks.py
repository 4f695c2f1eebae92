"""Generations in flight: they outlive their request, and a stop waits for them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

from gql_server.domain.errors import DomainError, GenerationFailed, GenerationPending, Rejected

log = structlog.get_logger(__name__)

T = TypeVar("T")


class RunningGenerations:
    """Keeps each generation's task, so that neither a client nor a deadline ends it."""

    def __init__(self, *, deadline_seconds: float) -> None:
        self._deadline_seconds = deadline_seconds
        self._tasks: set[asyncio.Task[Any]] = set()
        self._awaited: set[asyncio.Task[Any]] = set()
        self._stopping = False

    def __len__(self) -> int:
        return len(self._tasks)

    async def run(
        self,
        image_id: str,
        generation: Coroutine[Any, Any, T],
        *,
        pending: Callable[[str], DomainError] = GenerationPending,
    ) -> T:
        """Start a generation and wait for its end, until the request's deadline.

        The generation goes on when the waiting ends, by the deadline or because the client
        went away.

        Args:
            image_id: The id of what it makes.
            generation: The work.
            pending: What is raised when the deadline has passed.

        Raises:
            GenerationPending: The deadline passed.
            GenerationFailed: The server is stopping and starts nothing new.
        """
        task = self.start(image_id, generation)
        task.add_done_callback(self._tell)
        self._awaited.add(task)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._deadline_seconds)
        finally:
            self._awaited.discard(task)
        if not done:
            raise pending(image_id)
        return task.result()

    def start(self, image_id: str, generation: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a generation whose end the caller sees to.

        Raises:
            GenerationFailed: The server is stopping and starts nothing new.
        """
        if self._stopping:
            generation.close()
            raise GenerationFailed("The server is restarting. Try again.", retryable=True)
        task = asyncio.create_task(generation, name=f"generation {image_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self, *, timeout_seconds: float) -> None:
        """Start nothing new, and wait for what runs; what is still running then is given up."""
        self._stopping = True
        if not self._tasks:
            return
        log.info("waiting_for_generations", running=len(self._tasks), seconds=timeout_seconds)
        _, unfinished = await asyncio.wait(set(self._tasks), timeout=timeout_seconds)
        for task in unfinished:
            log.error("generation_given_up", generation=task.get_name())
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    def _tell(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None or task in self._awaited:
            return  # whoever waits is told, and tells the log where there is need
        if isinstance(error, DomainError | Rejected):
            log.warning("generation_failed", generation=task.get_name(), reason=str(error))
        else:
            log.error("generation_broke", generation=task.get_name(), exc_info=error)
