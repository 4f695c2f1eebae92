"""Work that a process repeats at intervals."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger(__name__)


@asynccontextmanager
async def recurring(
    name: str, work: Callable[[], Awaitable[object]], *, seconds: float
) -> AsyncIterator[None]:
    """Repeat work at an interval until the block ends; failures are logged and do not stop it."""
    task = asyncio.create_task(_recur(name, work, seconds), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _recur(name: str, work: Callable[[], Awaitable[object]], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever it was, the next time may succeed
            log.warning("recurring_work_failed", work=name, reason=repr(error))
