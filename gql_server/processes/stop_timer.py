"""Ends a process whose shutdown takes too long, whatever it hangs on."""

import os
import threading
from typing import Final

import structlog

EXTRA_SECONDS: Final = 5.0
"""How much longer than SHUTDOWN_TIMEOUT a shutdown may take."""

log = structlog.get_logger(__name__)


def end_within(seconds: float) -> None:
    """End this process after a time limit, unless it has ended by then; nothing can block that.

    It loses no more than a crash would: nothing that was acknowledged.

    Args:
        seconds: The time that running requests get, SHUTDOWN_TIMEOUT.
    """
    timer = threading.Timer(seconds + EXTRA_SECONDS, _end, (seconds,))
    timer.daemon = True
    timer.start()


def _end(seconds: float) -> None:
    log.error("stop_took_too_long", shutdown_timeout=seconds, extra_seconds=EXTRA_SECONDS)
    os._exit(1)
