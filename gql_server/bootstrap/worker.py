"""A process that runs background jobs and serves nothing."""

import asyncio
import signal
from typing import Final

import structlog

from gql_server.bootstrap.metrics import ProcessMetrics
from gql_server.bootstrap.metrics_server import metrics_served
from gql_server.bootstrap.services import Wiring
from gql_server.processes.garbage_collection import tune_garbage_collection
from gql_server.processes.stop_timer import end_within
from gql_server.settings import Settings

log = structlog.get_logger(__name__)

_ENDS: Final = (signal.SIGTERM, signal.SIGINT)


async def work(wiring: Wiring, settings: Settings) -> None:
    """Work until the process is to stop; running jobs then get the shutdown time to finish.

    Raises:
        StartError: A service cannot be opened.
    """
    stop_requested = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        # Also while services are being opened, which may hang.
        end_within(settings.shutdown_timeout)
        stop_requested.set()

    for number in _ENDS:
        loop.add_signal_handler(number, end)
    async with (
        wiring.open(runs_jobs=True) as services,
        metrics_served(settings, services, ProcessMetrics(services)),
    ):
        tune_garbage_collection()
        await stop_requested.wait()
        log.info("stopping")
