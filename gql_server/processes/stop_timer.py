"""Ends a process whose stop takes too long, whatever it hangs on."""

import os
import threading
from typing import Final

import structlog

EXTRA_SECONDS: Final = 5.0
"""What a stop may take beyond the time that it gives to requests and pictures."""

log = structlog.get_logger(__name__)


def end_within(seconds: float) -> None:
    """End this process after a while, if it has not ended by then; nothing holds that up.

    What is lost by it is what a crash would lose: nothing that was promised.

    Args:
        seconds: What the stop gives to requests and pictures, SHUTDOWN_TIMEOUT.
    """
    timer = threading.Timer(seconds + EXTRA_SECONDS, _end, (seconds,))
    timer.daemon = True
    timer.start()


def _end(seconds: float) -> None:
    log.error("stop_took_too_long", shutdown_timeout=seconds, extra_seconds=EXTRA_SECONDS)
    os._exit(1)
