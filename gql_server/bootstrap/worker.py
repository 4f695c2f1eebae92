"""A process that does background work and serves nothing."""

import asyncio
import signal
from typing import Final

import structlog

from gql_server.bootstrap.services import Wiring
from gql_server.processes.stop_timer import end_within

log = structlog.get_logger(__name__)

_ENDS: Final = (signal.SIGTERM, signal.SIGINT)


async def work(wiring: Wiring, *, shutdown_timeout: float) -> None:
    """Work until the process is told to end; what runs then has the time of a stop to end.

    Raises:
        StartError: A part cannot be opened.
    """
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        # Also while the services are still being opened, which may hang.
        end_within(shutdown_timeout)
        told_to_end.set()

    for number in _ENDS:
        loop.add_signal_handler(number, end)
    async with wiring.open(runs_jobs=True):
        await told_to_end.wait()
        log.info("stopping")
