"""A process's lease: while it sends heartbeats, no other process takes over its work."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.processes import (
    beat,
    declare_dead,
    read_beats,
    register_process,
    remove_process,
)
from gql_server.domain.ids import new_id
from gql_server.processes.recurring import recurring

log = structlog.get_logger(__name__)

_BEATS_PER_LEASE: Final = 4


class ProcessLease:
    """Records that this process is alive, by heartbeats in the database.

    A process that was frozen or disconnected for longer than its lease may have been declared
    dead, and its work given to others. Its next heartbeat detects that, and it continues under a
    new ID: what it held under the old one is no longer its own.

    Attributes:
        length: How long a process counts as alive after its last heartbeat.
    """

    def __init__(self, database: Database, *, seconds: float) -> None:
        self._database = database
        self._process_id = new_id("prc")
        self._beaten_at = float("-inf")
        self._others = _Observations(seconds)
        self.length: Final = timedelta(seconds=seconds)

    @property
    def process_id(self) -> str:
        """The current ID of this process.

        A new one at every start, so that successive processes on one machine are distinct, and
        after every lost lease.
        """
        return self._process_id

    def is_held_by(self, process_id: str) -> bool:
        """Return whether this process has that ID and cannot have been declared dead.

        Uses only this process's own clock: false as soon as the lease may have expired.
        """
        age = time.monotonic() - self._beaten_at
        return process_id == self._process_id and age < self.length.total_seconds()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Send heartbeats until the end of the block, then release the lease.

        Raises:
            DatabaseUnavailable: The first heartbeat could not be written.
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

    async def declare_dead(self, connection: AsyncConnection) -> None:
        """Declare other processes dead whose heartbeats stopped for the length of a lease.

        Call it several times per lease.
        """
        requested_at = time.monotonic()
        beats = await read_beats(connection)
        beats.pop(self._process_id, None)
        silent = self._others.silent(beats, requested_at=requested_at, answered_at=time.monotonic())
        if silent:
            for process_id in await declare_dead(connection, silent):
                log.warning("process_declared_dead", process_id=process_id)

    async def _beat(self) -> None:
        before = time.monotonic()
        is_first = self._beaten_at == float("-inf")
        process_id = self._process_id
        async with self._database.write() as connection:
            if is_first or not await beat(connection, process_id):
                process_id = process_id if is_first else new_id("prc")
                await register_process(connection, process_id)
            await self.declare_dead(connection)
        if process_id != self._process_id:
            log.warning("lease_lost", process_id=self._process_id, now=process_id)
        self._process_id, self._beaten_at = process_id, before


class _Observations:
    """The heartbeats of other processes as this one saw them, by its monotonic clock."""

    def __init__(self, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._seen: dict[str, tuple[datetime, float]] = {}
        self._looked_at = float("-inf")

    def silent(
        self, beats: Mapping[str, datetime], *, requested_at: float, answered_at: float
    ) -> dict[str, datetime]:
        """Return the processes whose heartbeat has not changed for a lease, with that heartbeat.

        Args:
            beats: The last heartbeat of each process, as just read.
            requested_at: When the read started, by the monotonic clock.
            answered_at: When the read finished.
        """
        if answered_at - self._looked_at > self._lease_seconds / 2:
            # This process was frozen or disconnected, perhaps during the read; so may others be.
            self._seen.clear()
        self._looked_at = answered_at
        self._seen = {
            process_id: self._seen[process_id]
            if process_id in self._seen and self._seen[process_id][0] == beat_at
            else (beat_at, answered_at)
            for process_id, beat_at in beats.items()
        }
        return {
            process_id: beat_at
            for process_id, (beat_at, since) in self._seen.items()
            if requested_at - since >= self._lease_seconds
        }
