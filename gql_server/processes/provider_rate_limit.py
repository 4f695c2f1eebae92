"""The provider's rate limit, shared by all processes on one database."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from math import inf
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.rate_limits import pause_permits, take_permit
from gql_server.domain.errors import GenerationFailed, SkipReason
from gql_server.domain.rate_limits import MAX_LATENESS, SECOND, RateLimit
from gql_server.inference.attempts import AttemptKind

log = structlog.get_logger(__name__)

_MAX_WAITING: Final = SECOND
"""Maximum time, after a permit is granted, to check whether its image is still needed."""


class SharedRateLimiter:
    """Grants permits that are counted in the database; a ``RateLimiter``.

    Waiting attempts queue in their process, and only the first one queries the database: the
    database has as many clients as there are processes, not attempts.

    Without the database no permits are granted: an image could be neither stored nor charged.

    Args:
        database: Where permits are counted.
        limits: The limit of each kind of attempt.
        max_wait_seconds: Maximum wait of an interactive attempt; background attempts wait
            without a limit.
    """

    def __init__(
        self,
        database: Database,
        limits: Mapping[AttemptKind, RateLimit],
        *,
        max_wait_seconds: float,
    ) -> None:
        self._database = database
        self._limits = limits
        self._max_wait_seconds = max_wait_seconds
        self._queues = {
            (kind, is_background): _Queue() for kind in limits for is_background in (False, True)
        }

    async def acquire(self, kind: AttemptKind, *, is_background: bool) -> None:
        """Wait until an attempt may start, as ``RateLimiter.acquire`` promises.

        Raises:
            GenerationFailed: An interactive attempt got no permit in time.
            DatabaseUnavailable: The database does not answer.
        """
        max_wait = inf if is_background else self._max_wait_seconds
        queue = self._queues[kind, is_background]
        limit = self._limits[kind]
        deadline = asyncio.get_running_loop().time() + max_wait
        queue.length += 1
        try:
            if (queue.length - 1) * limit.interval > max_wait * SECOND + limit.early(
                is_background=is_background
            ):
                raise TimeoutError  # the attempts ahead of it already take longer
            async with asyncio.timeout_at(None if is_background else deadline), queue.first:
                while (wait := await self._request(kind, limit, is_background=is_background)) > 0:
                    if asyncio.get_running_loop().time() + wait > deadline:
                        raise TimeoutError
                    await asyncio.sleep(wait)
        except TimeoutError as error:
            log.warning("provider_rate_limit_reached", kind=kind.value, is_background=is_background)
            raise GenerationFailed(
                "The provider's rate limit is reached. Try again later.",
                retryable=True,
                reached_model=False,
                skip_reason=SkipReason.OUT_OF_CAPACITY,
            ) from error
        finally:
            queue.length -= 1

    async def pause(self, kind: AttemptKind, seconds: float) -> None:
        """Stop all processes from starting attempts of a kind, for at most a minute."""
        try:
            length = round(seconds * SECOND)
            await self._database.write_unsynced(
                partial(pause_permits, kind=kind, limit=self._limits[kind], length=length)
            )
        except DatabaseUnavailable as error:
            # Without the database no permits are granted either.
            log.warning("pause_not_shared", kind=kind.value, reason=str(error))
        else:
            log.warning("provider_paused", kind=kind.value, seconds=seconds)

    async def _request(self, kind: AttemptKind, limit: RateLimit, *, is_background: bool) -> float:
        """Request a permit once; return the seconds to wait, or 0 if it was granted."""
        requested_at = 0.0

        async def take(connection: AsyncConnection) -> int | None:
            nonlocal requested_at
            requested_at = time.monotonic()
            return await take_permit(connection, kind, limit, is_background=is_background)

        wait = await self._database.write_unsynced(take)
        if wait is None:
            is_late = (time.monotonic() - requested_at) * SECOND > MAX_LATENESS - _MAX_WAITING
            return limit.interval / SECOND if is_late else 0.0
        return max(wait, 1) / SECOND


class _Queue:
    def __init__(self) -> None:
        self.first = asyncio.Lock()
        self.length = 0
