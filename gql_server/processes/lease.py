"""A process's lease on what it holds: while it beats, nobody else takes it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog

from gql_server.database.engine.engine import Database, DatabaseUnavailable
from gql_server.database.queries.processes import (
    beat,
    register_process,
    remove_dead_processes,
    remove_process,
)
from gql_server.domain.ids import new_id
from gql_server.processes.recurring import recurring

log = structlog.get_logger(__name__)

_BEATS_PER_LEASE: Final = 4


class ProcessLease:
    """Says that this process is alive, until it ends or dies.

    A process that was frozen or cut off for longer than its lease may have been declared dead,
    and its work given to others. It learns so from its next beat, and goes on under a new id: what
    it held by the old one is no longer its own.

    Attributes:
        length: How long after its last beat a process counts as alive.
    """

    def __init__(self, database: Database, *, seconds: float) -> None:
        self._database = database
        self._process_id = new_id("prc")
        self._beaten_at = float("-inf")
        self.length: Final = timedelta(seconds=seconds)

    @property
    def process_id(self) -> str:
        """Who this process is now.

        New at every start, so that a process that comes after another on the same machine is not
        taken for it, and new again after a lease that was lost.
        """
        return self._process_id

    def is_held_by(self, process_id: str) -> bool:
        """Tell whether a process of that id is this one, and certainly not taken for dead.

        Asks only this process's own clock: false as soon as the lease may have run out.
        """
        age = time.monotonic() - self._beaten_at
        return process_id == self._process_id and age < self.length.total_seconds()

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
                await remove_process(connection, self._process_id)
        except DatabaseUnavailable as error:
            log.warning("process_not_removed", process_id=self._process_id, reason=str(error))

    async def _beat(self) -> None:
        before = time.monotonic()
        is_first = self._beaten_at == float("-inf")
        process_id = self._process_id
        async with self._database.write() as connection:
            if is_first or not await beat(connection, process_id):
                process_id = process_id if is_first else new_id("prc")
                await register_process(connection, process_id)
            await remove_dead_processes(connection, lease=self.length)
        if process_id != self._process_id:
            log.warning("lease_lost", process_id=self._process_id, now=process_id)
        self._process_id, self._beaten_at = process_id, before
