"""Waiting for an image, with progress for the client."""

import asyncio
from collections.abc import Coroutine
from time import monotonic
from typing import Any, Final, TypeVar

from gql_server.inference.model import Model
from gql_server.mcp.context import Context

_REPORT_SECONDS: Final = 2.0
"""Clients end calls of which they hear nothing, after a minute at times."""

T = TypeVar("T")


async def with_progress(context: Context, work: Coroutine[Any, Any, T], model: Model | None) -> T:
    """Do a piece of work; meanwhile report how many seconds have passed, and how long it takes.

    The end of the wait ends the work only as far as its use case allows: an image that is being
    generated is finished, stored and charged nevertheless.
    """
    task = asyncio.create_task(work)
    typical = None if model is None else float(model.typical_seconds.maximum)
    name = "the model" if model is None else model.name
    started_at = monotonic()
    try:
        await context.report(0, typical, f"{name} is generating the image.")
        while not (await asyncio.wait([task], timeout=_REPORT_SECONDS))[0]:
            seconds = monotonic() - started_at
            total = None if typical is None else max(typical, seconds)
            await context.report(seconds, total, f"{name} has been working for {seconds:.0f} s.")
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
