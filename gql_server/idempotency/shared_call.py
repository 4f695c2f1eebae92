"""A call that all requests of a process with the same key and input share."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, Generic, TypeVar

from gql_server.database.queries.idempotency_keys import KeyScope
from gql_server.idempotency.operations import IdempotentOperation

T = TypeVar("T")


class SharedCall(Generic[T]):
    """A task that finds or makes a result, and those who wait for it.

    Attributes:
        scope: The key.
        digest: Hash of the input.
        operation: The operation of the request that started the call.
        waiters: Number of waiting requests.
        is_here: Whether this process runs the operation.
        result_id: ID of the result, once it is known.
        task: The task.
    """

    def __init__(
        self,
        scope: KeyScope,
        digest: str,
        operation: IdempotentOperation[Any, T],
        run: Callable[["SharedCall[T]"], Coroutine[Any, Any, T]],
    ) -> None:
        """Start the call."""
        self.scope: Final = scope
        self.digest: Final = digest
        self.operation: Final = operation
        self.waiters = 0
        self.is_here = False
        self.result_id = ""
        self._is_known: Final = asyncio.get_running_loop().create_future()
        self.task: Final = asyncio.create_task(run(self), name=f"idempotency {scope.operation}")

    def set_result_id(self, result_id: str) -> None:
        """Set the ID of the result, for those who wait."""
        self.result_id = result_id
        if not self._is_known.done():
            self._is_known.set_result(None)

    async def wait(self, deadline: float) -> bool:
        """Wait until the task is done or the deadline has passed and the result's ID is known.

        Returns whether the task is done. The deadline is a time of the event loop's clock.
        """
        self.waiters += 1
        try:
            left = deadline - asyncio.get_running_loop().time()
            await asyncio.wait({self.task}, timeout=max(0.0, left))
            if not self.task.done():
                await asyncio.wait({self.task, self._is_known}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.waiters -= 1
        return self.task.done()
