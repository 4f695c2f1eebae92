"""The provider's rate limit, kept over all processes on one database."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from math import inf
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database, DatabaseUnavailable
from gql_server.database.queries.rate_limits import pause_turns, take_turn
from gql_server.domain.errors import GenerationFailed
from gql_server.domain.rate_limits import MAX_LATENESS, SECOND, RateLimit
from gql_server.inference.attempts import AttemptKind

log = structlog.get_logger(__name__)

_MAX_WAITING: Final = SECOND
"""How long it takes at most, after a turn, to find out whether its picture is still wanted."""


class SharedGate:
    """Gives turns that are counted in the database; an ``AttemptGate``.

    Attempts of a process that wait queue in it: the first of them alone asks the database, so
    that a turn is asked for by as many as there are processes, and not attempts.

    Where the database is away no turn is given: what would be made could be neither kept nor
    charged.

    Args:
        database: Where turns are counted.
        limits: The limit of each kind.
        patience_seconds: How long a direct attempt waits at most; one of background work has
            all the time that there is.
    """

    def __init__(
        self,
        database: Database,
        limits: Mapping[AttemptKind, RateLimit],
        *,
        patience_seconds: float,
    ) -> None:
        self._database = database
        self._limits = limits
        self._patience_seconds = patience_seconds
        self._queues = {
            (kind, is_background): _Queue() for kind in limits for is_background in (False, True)
        }

    async def wait_for_turn(self, kind: AttemptKind, *, is_background: bool) -> None:
        """Wait until an attempt may start, as ``AttemptGate.wait_for_turn`` promises.

        Raises:
            GenerationFailed: No turn came in time for a direct attempt.
            DatabaseUnavailable: The database does not answer.
        """
        patience = inf if is_background else self._patience_seconds
        queue = self._queues[kind, is_background]
        limit = self._limits[kind]
        deadline = asyncio.get_running_loop().time() + patience
        queue.length += 1
        try:
            if (queue.length - 1) * limit.interval > patience * SECOND + limit.early(
                is_background=is_background
            ):
                raise TimeoutError  # those before it alone take longer
            async with asyncio.timeout_at(None if is_background else deadline), queue.first:
                while (wait := await self._ask(kind, limit, is_background=is_background)) > 0:
                    if asyncio.get_running_loop().time() + wait > deadline:
                        raise TimeoutError
                    await asyncio.sleep(wait)
        except TimeoutError as error:
            log.warning("no_turn_at_provider", kind=kind.value, is_background=is_background)
            raise GenerationFailed(
                "The provider's rate limit is reached. Try again later.",
                retryable=True,
                reached_model=False,
            ) from error
        finally:
            queue.length -= 1

    async def pause(self, kind: AttemptKind, seconds: float) -> None:
        """Let nobody's attempts of a kind start for a while, at most a minute."""
        try:
            length = round(seconds * SECOND)
            await self._database.write_passing(
                partial(pause_turns, kind=kind, limit=self._limits[kind], length=length)
            )
        except DatabaseUnavailable as error:
            # Without the database no turns are given either.
            log.warning("pause_not_shared", kind=kind.value, reason=str(error))
        else:
            log.warning("provider_paused", kind=kind.value, seconds=seconds)

    async def _ask(self, kind: AttemptKind, limit: RateLimit, *, is_background: bool) -> float:
        """Ask for a turn once; return the seconds to wait for one, or 0 when it is taken."""
        asked = 0.0

        async def take(connection: AsyncConnection) -> int | None:
            nonlocal asked
            asked = time.monotonic()
            return await take_turn(connection, kind, limit, is_background=is_background)

        wait = await self._database.write_passing(take)
        if wait is None:
            is_late = (time.monotonic() - asked) * SECOND > MAX_LATENESS - _MAX_WAITING
            return limit.interval / SECOND if is_late else 0.0
        return max(wait, 1) / SECOND


class _Queue:
    def __init__(self) -> None:
        self.first = asyncio.Lock()
        self.length = 0
