"""A process's lease on what it holds: while it beats, nobody else takes it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog

from gql_server.database.engine import Database, DatabaseUnavailable
from gql_server.database.processes import beat, remove_dead_processes, remove_process
from gql_server.domain.ids import new_id
from gql_server.ledger.recurring import recurring

log = structlog.get_logger(__name__)

_BEATS_PER_LEASE: Final = 4


class ProcessLease:
    """Says that this process is alive, until it ends or dies.

    Attributes:
        process_id: New at every start, so that a process that comes after another on the same
            machine is not taken for it.
        length: How long after its last beat a process counts as alive.
    """

    def __init__(self, database: Database, *, seconds: float) -> None:
        self._database = database
        self.process_id: Final = new_id("prc")
        self.length: Final = timedelta(seconds=seconds)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Beat until the end of the block, and give the lease back.

        Raises:
            DatabaseUnavailable: The first beat could not be written.
        """
        await self._beat()
        seconds = self.length.total_seconds() / _BEATS_PER_LEASE
        async with recurring("process beat", self._beat, seconds=seconds):
            yield
        try:
            async with self._database.write() as connection:
                await remove_process(connection, self.process_id)
        except DatabaseUnavailable as error:
            log.warning("process_not_removed", process_id=self.process_id, reason=str(error))

    async def _beat(self) -> None:
        async with self._database.write() as connection:
            await beat(connection, self.process_id)
            await remove_dead_processes(connection, lease=self.length)
