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
from gql_server.database.queries.allowances import remove_full_allowances, spend_allowance
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
        self._balances: dict[str, _Balance] = {}
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
        balance = self._balance(principal.user_id)
        if balance.missing + length > allowance.refill_length:
            raise _refusal(allowance, balance, cost, length)
        if balance.unsettled + length <= allowance.max_unsettled:
            balance.unsettled += length
        else:
            await self._uninterrupted(
                self._spend_with_others(allowance, principal.user_id, balance, cost, length)
            )
        return state_of(allowance, cost=cost, missing=balance.missing, moment=now())

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
        balance = self._balance(principal.user_id)
        unsettled = balance.unsettled + length
        if (
            unsettled > allowance.max_unsettled
            or balance.missing + length > allowance.refill_length
        ):
            return False
        balance.unsettled = unsettled
        return True

    async def settle(self) -> None:
        """Tell the other processes what this one's users spent, and learn what they spent there.

        Raises:
            DatabaseUnavailable: It is told the next time.
        """
        for user_id, balance in tuple(self._balances.items()):
            if balance.unsettled or balance.lock.locked():
                await self._uninterrupted(self._settle(user_id, balance))
            if not balance.is_used:
                self._balances.pop(user_id)

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

    def _balance(self, user_id: str) -> "_Balance":
        balance = self._balances.get(user_id)
        if balance is None:
            balance = self._balances[user_id] = _Balance()
        return balance

    async def _uninterrupted(self, work: Coroutine[Any, Any, None]) -> None:
        """Count to the end, though the caller is canceled: what was counted is then known."""
        task = asyncio.create_task(work)
        self._counting.add(task)
        task.add_done_callback(self._counting.discard)
        await asyncio.shield(task)

    async def _settle(self, user_id: str, balance: "_Balance") -> None:
        async with balance.lock:
            if balance.unsettled:
                await self._count(user_id, balance, balance.unsettled, is_spent=True)

    async def _spend_with_others(
        self, allowance: Allowance, user_id: str, balance: "_Balance", cost: int, length: int
    ) -> None:
        async with balance.lock:
            if balance.missing + length > allowance.refill_length:
                raise _refusal(allowance, balance, cost, length)
            if balance.unsettled + length <= allowance.max_unsettled:
                # Settled while this waited for its turn.
                balance.unsettled += length
                return
            try:
                is_held = await self._count(
                    user_id, balance, balance.unsettled + length, is_spent=False
                )
            except DatabaseUnavailable as error:
                # Whatever is asked for without the database takes little.
                log.warning("allowance_not_counted", reason=str(error))
                return
            if not is_held:
                raise _refusal(allowance, balance, cost, length)

    async def _count(
        self, user_id: str, balance: "_Balance", length: int, *, is_spent: bool
    ) -> bool:
        allowance, settled = self._allowance, balance.unsettled
        assert allowance is not None  # noqa: S101 - counted only then
        asked = 0

        async def spend(connection: AsyncConnection) -> tuple[bool, int]:
            nonlocal asked
            asked = _microseconds()
            return await spend_allowance(connection, user_id, allowance, length, is_spent=is_spent)

        is_counted, missing = await self._database.write_unsynced(spend)
        balance.full_at = asked + missing
        if is_counted:
            balance.unsettled -= settled
        return is_counted

    async def _sweep(self) -> None:
        async with self._database.write() as connection:
            await remove_full_allowances(connection)


class _Balance:
    """What this process knows of a user's allowance; its times are microseconds of its clock.

    Attributes:
        full_at: When the allowance would be full, as far as spending was settled.
        unsettled: How long that is which this process counts alone.
        lock: Held while it is settled.
    """

    def __init__(self) -> None:
        self.full_at = 0
        self.unsettled = 0
        self.lock = asyncio.Lock()

    @property
    def missing(self) -> int:
        """How long until the allowance is full."""
        return max(0, self.full_at - _microseconds()) + self.unsettled

    @property
    def is_used(self) -> bool:
        """Whether anything is missing, or somebody waits to spend."""
        return self.missing > 0 or self.lock.locked()


def _refusal(allowance: Allowance, balance: _Balance, cost: int, length: int) -> RateLimited:
    missing = balance.missing
    state = state_of(allowance, cost=cost, missing=missing, moment=now())
    wait = max(1, ceil((missing + length - allowance.refill_length) / SECOND))
    return RateLimited(state, retry_after=wait)


def _microseconds() -> int:
    return time.monotonic_ns() * SECOND // 1_000_000_000
