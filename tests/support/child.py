"""Processes that a test starts, and that end with it."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any


@asynccontextmanager
async def child_process(*command: str | Path, **options: Any) -> AsyncIterator[Process]:
    """Start a process; at the end of the block kill it, and all that it has started itself.

    It takes Ctrl-C though the tests run in the background of a shell, where SIGINT is ignored.

    ``options`` are those of ``asyncio.create_subprocess_exec``.
    """
    inherited = signal.getsignal(signal.SIGINT)
    if inherited is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        process = await asyncio.create_subprocess_exec(*command, start_new_session=True, **options)
    finally:
        if inherited is signal.SIG_IGN:
            signal.signal(signal.SIGINT, inherited)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.returncode is None:
            await process.communicate()
