"""How long a test waits for what must happen."""

import asyncio
from collections.abc import Callable
from typing import Final

WAIT_SECONDS: Final = 120.0
"""The limit of every wait, whose end is no part of what is tested: a machine may be busy."""


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not is_so():
            await asyncio.sleep(0.01)
