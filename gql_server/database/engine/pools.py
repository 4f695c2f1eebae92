"""The number of a process's connections to PostgreSQL, and waiting when one is refused."""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty
from typing import Final

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, QueuePool
from sqlalchemy.util import await_only

MIN_POOL_SIZE: Final = 8
DEFAULT_POOL_SIZE: Final = 51

_LISTENERS: Final = 1
_WAIT_SECONDS: Final = 20.0
_FIRST_PAUSE: Final = 0.1
_MAX_PAUSE: Final = 1.0
_TOO_MANY: Final = "53300"
_NO_ROOM: Final = ("too many clients", "too many connections", "connection slots")

_ALLOWED: Final = text(
    "SELECT least(current_setting('max_connections')::int"
    " - current_setting('superuser_reserved_connections')::int,"
    " nullif(rolconnlimit, -1), nullif(datconnlimit, -1))"
    " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PoolSizes:
    """Maximum number of connections for each use.

    Attributes:
        readers: For statements that are a transaction of their own.
        writers: For transactions.
        jobs: For the engine of background work.
    """

    readers: int
    writers: int
    jobs: int

    @property
    def alone(self) -> int:
        """How many transactions may stay open for exclusive work."""
        return max(1, self.writers // 4)


@dataclass(frozen=True, slots=True)
class PoolUse:
    """The connections of a pool at the moment.

    Attributes:
        used: How many are in use.
        idle: How many are open and not in use.
        limit: The maximum number of both.
    """

    used: int
    idle: int
    limit: int


def pool_sizes(total: int = DEFAULT_POOL_SIZE) -> PoolSizes:
    """Divide a process's connections; one more listens for notifications.

    Args:
        total: The total, at least ``MIN_POOL_SIZE``.
    """
    jobs = max(3, total // 5)
    left = total - _LISTENERS - jobs
    readers = left // 2
    return PoolSizes(readers=readers, writers=left - readers, jobs=jobs)


async def allowed_connections(connection: AsyncConnection) -> int:
    """Return how many connections PostgreSQL allows: the server, the database and the role."""
    allowed: int = (await connection.execute(_ALLOWED)).scalar_one()
    return allowed


def process_share(allowed: int) -> int:
    """Return how many of the allowed connections one process opens at most: half of them.

    So a second process fits. At least ``MIN_POOL_SIZE``, with which processes wait their turn.
    """
    return max(MIN_POOL_SIZE, allowed // 2)


class TurnsInThreads(QueuePool):
    """A pool for threads that waits when PostgreSQL has no room for a connection.

    It takes any connection, also one that is returned to this pool.
    """

    def _do_get(self) -> ConnectionPoolEntry:
        for pause in _pauses():
            try:
                return super()._do_get()
            except psycopg.OperationalError as error:
                if not _has_no_room(error):
                    raise
            self._pause(pause)
        return super()._do_get()

    def shrink(self) -> None:
        """Close idle connections, except one, or as many as are in use."""
        while self.checkedin() > max(1, self.checkedout()):
            try:
                entry = self._pool.get(block=False)
            except Empty:  # another thread took it
                return
            self._dec_overflow()
            entry.close()

    def _pause(self, seconds: float) -> None:
        time.sleep(seconds)


class Turns(TurnsInThreads, AsyncAdaptedQueuePool):
    """The same for an event loop."""

    def _pause(self, seconds: float) -> None:
        await_only(asyncio.sleep(seconds))


def _pauses() -> Iterator[float]:
    # Not by stamina: the caller is a thread or a greenlet of SQLAlchemy, which sleeps by itself.
    end, pause = time.monotonic() + _WAIT_SECONDS, _FIRST_PAUSE
    while time.monotonic() < end:
        yield random.uniform(pause / 2, pause)  # noqa: S311 - spreads those who wait
        pause = min(2 * pause, _MAX_PAUSE)
    log.warning("database_connections_exhausted", waited_seconds=_WAIT_SECONDS)


def _has_no_room(error: psycopg.OperationalError) -> bool:
    # A refusal before a session starts has no SQLSTATE, only the server's message.
    words = str(error)
    return error.sqlstate == _TOO_MANY or any(some in words for some in _NO_ROOM)
