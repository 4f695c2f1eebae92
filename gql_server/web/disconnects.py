"""Work for a client that may disconnect before it is done."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of work that is canceled when the client disconnects.

    The request must have no body left to read.

    Raises:
        ClientDisconnect: The client disconnected first.
    """
    working = asyncio.create_task(work)
    disconnect = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({working, disconnect}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        working.cancel()
        disconnect.cancel()
        await asyncio.wait({working, disconnect})
    if working.cancelled():
        raise ClientDisconnect
    return working.result()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
