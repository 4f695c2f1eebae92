"""What each user may ask of the server: an allowance that operations spend, over all processes.

An operation rarely waits for the database: each process counts what its users spend, and settles
it in the background, several times a second. What it has not settled is a hundredth of an
allowance at most. So a refusal is always right, for what it counts was spent; and what is let
through beyond an allowance is at most a hundredth of it for each process.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from math import ceil
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database, DatabaseUnavailable
from gql_server.database.queries.allowances import remove_whole_allowances, spend_allowance
from gql_server.domain.allowances import Allowance, AllowanceState, RateLimited, state_of
from gql_server.domain.clock import now
from gql_server.domain.principal import Principal
from gql_server.domain.rate_limits import SECOND
from gql_server.processes.recurring import recurring

log = structlog.get_logger(__name__)

_SETTLE_SECONDS: Final = 0.25
_SWEEP_SECONDS: Final = 3600.0


class Allowances:
    """Spends the users' allowances; without one, everybody may ask as much as they like."""

    def __init__(self, database: Database, allowance: Allowance | None) -> None:
        """Take the database that all processes share, and what each user has; None: no bound."""
        self._database = database
        self._allowance = allowance
        self._purses: dict[str, _Purse] = {}
        self._counting: set[asyncio.Task[None]] = set()

    async def spend(self, principal: Principal, cost: int) -> AllowanceState | None:
        """Spend from the caller's allowance, before anything is done for them.

        Args:
            principal: Who asks.
            cost: What it costs; everything costs 1 at least.

        Returns:
            How the allowance stands; None where there is none.

        Raises:
            RateLimited: The allowance does not hold that much; nothing was spent.
        """
        allowance = self._allowance
        if allowance is None:
            return None
        cost = max(1, cost)
        length = allowance.length(cost)
        purse = self._purse(principal.user_id)
        if purse.missing + length > allowance.whole:
            raise _refusal(allowance, purse, cost, length)
        if purse.unsettled + length <= allowance.max_unsettled:
            purse.unsettled += length
        else:
            await self._uninterrupted(
                self._spend_with_others(allowance, principal.user_id, purse, cost, length)
            )
        return state_of(allowance, cost=cost, missing=purse.missing, moment=now())

    def spend_at_once(self, principal: Principal, cost: int) -> bool:
        """Spend from the caller's allowance, where neither the database nor a refusal is needed.

        Args:
            principal: Who asks.
            cost: What it costs; everything costs 1 at least.

        Returns:
            Whether it was spent; otherwise ``spend`` decides.
        """
        allowance = self._allowance
        if allowance is None:
            return True
        length = allowance.length(max(1, cost))
        purse = self._purse(principal.user_id)
        unsettled = purse.unsettled + length
        if unsettled > allowance.max_unsettled or purse.missing + length > allowance.whole:
            return False
        purse.unsettled = unsettled
        return True

    async def settle(self) -> None:
        """Tell the other processes what this one's users spent, and learn what they spent there.

        Raises:
            DatabaseUnavailable: It is told the next time.
        """
        for user_id, purse in tuple(self._purses.items()):
            if purse.unsettled or purse.lock.locked():
                await self._uninterrupted(self._settle(user_id, purse))
            if not purse.is_used:
                self._purses.pop(user_id)

    @asynccontextmanager
    async def settling(self) -> AsyncIterator[None]:
        """Settle every so often until the block ends, and at its end."""
        if self._allowance is None:
            yield
            return
        async with (
            recurring("allowances", self.settle, seconds=_SETTLE_SECONDS),
            recurring("allowance sweep", self._sweep, seconds=_SWEEP_SECONDS),
        ):
            yield
        try:
            await self.settle()
        except DatabaseUnavailable as error:
            log.warning("allowances_not_settled", reason=str(error))

    def _purse(self, user_id: str) -> "_Purse":
        purse = self._purses.get(user_id)
        if purse is None:
            purse = self._purses[user_id] = _Purse()
        return purse

    async def _uninterrupted(self, work: Coroutine[Any, Any, None]) -> None:
        """Count to the end, though the caller is canceled: what was counted is then known."""
        task = asyncio.create_task(work)
        self._counting.add(task)
        task.add_done_callback(self._counting.discard)
        await asyncio.shield(task)

    async def _settle(self, user_id: str, purse: "_Purse") -> None:
        async with purse.lock:
            if purse.unsettled:
                await self._count(user_id, purse, purse.unsettled, is_spent=True)

    async def _spend_with_others(
        self, allowance: Allowance, user_id: str, purse: "_Purse", cost: int, length: int
    ) -> None:
        async with purse.lock:
            if purse.missing + length > allowance.whole:
                raise _refusal(allowance, purse, cost, length)
            if purse.unsettled + length <= allowance.max_unsettled:
                # Settled while this waited for its turn.
                purse.unsettled += length
                return
            try:
                is_held = await self._count(
                    user_id, purse, purse.unsettled + length, is_spent=False
                )
            except DatabaseUnavailable as error:
                # Whatever is asked for without the database takes little.
                log.warning("allowance_not_counted", reason=str(error))
                return
            if not is_held:
                raise _refusal(allowance, purse, cost, length)

    async def _count(self, user_id: str, purse: "_Purse", length: int, *, is_spent: bool) -> bool:
        allowance, told = self._allowance, purse.unsettled
        assert allowance is not None  # noqa: S101 - counted only then
        asked = 0

        async def spend(connection: AsyncConnection) -> tuple[bool, int]:
            nonlocal asked
            asked = _microseconds()
            return await spend_allowance(connection, user_id, allowance, length, is_spent=is_spent)

        is_counted, missing = await self._database.write_passing(spend)
        purse.whole_at = asked + missing
        if is_counted:
            purse.unsettled -= told
        return is_counted

    async def _sweep(self) -> None:
        async with self._database.write() as connection:
            await remove_whole_allowances(connection)


class _Purse:
    """What this process knows of a user's allowance; its times are microseconds of its clock.

    Attributes:
        whole_at: When the allowance would be whole, as far as spending was settled.
        unsettled: How long that is which this process counts alone.
        lock: Held while it is settled.
    """

    def __init__(self) -> None:
        self.whole_at = 0
        self.unsettled = 0
        self.lock = asyncio.Lock()

    @property
    def missing(self) -> int:
        """How long until the allowance is whole."""
        return max(0, self.whole_at - _microseconds()) + self.unsettled

    @property
    def is_used(self) -> bool:
        """Whether anything is missing, or somebody waits to spend."""
        return self.missing > 0 or self.lock.locked()


def _refusal(allowance: Allowance, purse: _Purse, cost: int, length: int) -> RateLimited:
    missing = purse.missing
    state = state_of(allowance, cost=cost, missing=missing, moment=now())
    wait = max(1, ceil((missing + length - allowance.whole) / SECOND))
    return RateLimited(state, retry_after=wait)


def _microseconds() -> int:
    return time.monotonic_ns() * SECOND // 1_000_000_000
