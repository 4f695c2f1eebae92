"""A process's lease on what it holds: while it beats, nobody else takes it."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database, DatabaseUnavailable
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
        self._others = _Observations(seconds)
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

    async def declare_dead(self, connection: AsyncConnection) -> None:
        """Declare every other process dead of which this one saw no beat for a lease's length.

        Call it several times in each lease.
        """
        asked = time.monotonic()
        beats = await read_beats(connection)
        beats.pop(self._process_id, None)
        silent = self._others.silent(beats, asked=asked, answered=time.monotonic())
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
    """What this process saw of the others' beats, timed by a clock that never steps."""

    def __init__(self, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._seen: dict[str, tuple[datetime, float]] = {}
        self._looked_at = float("-inf")

    def silent(
        self, beats: Mapping[str, datetime], *, asked: float, answered: float
    ) -> dict[str, datetime]:
        """Return the processes whose beat has not changed for a lease, with that beat.

        Args:
            beats: The last beat of each process, as just read.
            asked: When this process began to read them, by its monotonic clock.
            answered: When it had read them.
        """
        if answered - self._looked_at > self._lease_seconds / 2:
            # This process was frozen or cut off, perhaps while it read, and the others with it.
            self._seen.clear()
        self._looked_at = answered
        self._seen = {
            process_id: self._seen[process_id]
            if process_id in self._seen and self._seen[process_id][0] == beat_at
            else (beat_at, answered)
            for process_id, beat_at in beats.items()
        }
        return {
            process_id: beat_at
            for process_id, (beat_at, since) in self._seen.items()
            if asked - since >= self._lease_seconds
        }
