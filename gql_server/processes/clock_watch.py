"""Detects steps of the clock that stored timestamps come from."""

import time
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Final

import structlog
from sqlalchemy import select

from gql_server.database.engine.engine import Database
from gql_server.database.engine.present import present

log = structlog.get_logger(__name__)

_MAX_DRIFT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What the clock showed.

    Attributes:
        at: The time.
        steady_seconds: Seconds since the clock stepped; infinite if no step was seen.
    """

    at: datetime
    steady_seconds: float


class ClockWatch:
    """Compares the database's clock with the monotonic one while this process runs.

    For data that is deleted by age and must not be deleted early.
    """

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None
        self._stepped_at = -inf

    async def read(self, database: Database) -> ClockReading:
        """Read the clock, and detect whether it stepped since the last call.

        Call it first when the process starts: a step before the first call is not detected.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        async with database.read() as connection:
            at: datetime = (
                await connection.execute(select(present(connection.dialect.name)))
            ).scalar_one()
        steady, stored = time.monotonic(), at.timestamp()
        if self._last is not None:
            step = (stored - self._last[1]) - (steady - self._last[0])
            if abs(step) > _MAX_DRIFT_SECONDS:
                log.warning("clock_stepped", seconds=round(step))
                self._stepped_at = steady
        self._last = (steady, stored)
        return ClockReading(at, steady - self._stepped_at)
