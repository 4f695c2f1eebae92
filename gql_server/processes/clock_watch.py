"""Detects steps of the clock that stored timestamps come from."""

import time
from datetime import datetime
from math import inf
from typing import Final

import structlog
from sqlalchemy import select

from gql_server.database.engine.engine import Database
from gql_server.database.engine.present import present

log = structlog.get_logger(__name__)

_MAX_DRIFT_SECONDS: Final = 60.0


class ClockWatch:
    """Compares the database's clock with the monotonic one while this process runs.

    For data that is deleted by age and must not be deleted early.
    """

    def __init__(self) -> None:
        self._looked: tuple[float, float] | None = None
        self._stepped_at = -inf

    async def steady_for(self, database: Database) -> float:
        """Return the seconds since the clock stepped; infinite if no step was seen.

        Call it regularly: a step is detected by the next call.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        async with database.read() as connection:
            moment: datetime = (
                await connection.execute(select(present(connection.dialect.name)))
            ).scalar_one()
        steady, stored = time.monotonic(), moment.timestamp()
        if self._looked is not None:
            step = (stored - self._looked[1]) - (steady - self._looked[0])
            if abs(step) > _MAX_DRIFT_SECONDS:
                log.warning("clock_stepped", seconds=round(step))
                self._stepped_at = steady
        self._looked = (steady, stored)
        return steady - self._stepped_at
