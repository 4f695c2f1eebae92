"""The allowance of each user: operations deduct from it, across all processes.

An operation rarely waits for the database: each process counts what its users spend, and settles it
in the background, several times a second. At most a hundredth of an allowance is unsettled. So a
refusal is always right, because what it counts was spent; and at most a hundredth more than an
allowance is let through for each process.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from math import ceil
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
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
    """Deducts from users' allowances; without an allowance, callers are not limited."""

    def __init__(self, database: Database, allowance: Allowance | None) -> None:
        """Take the shared database, and the allowance of each user; None means unlimited."""
        self._database = database
        self._allowance = allowance
        self._balances: dict[str, _Balance] = {}
        self._counting: set[asyncio.Task[None]] = set()

    async def spend(self, principal: Principal, cost: int) -> AllowanceState | None:
        """Deduct from the caller's allowance, before anything is done for them.

        Args:
            principal: The caller.
            cost: The cost of the operation; at least 1 is deducted.

        Returns:
            The state of the allowance; None if there is none.

        Raises:
            RateLimited: The allowance is too small; nothing was deducted.
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
        """Deduct from the caller's allowance, if this needs neither the database nor a refusal.

        Args:
            principal: The caller.
            cost: The cost of the operation; at least 1 is deducted.

        Returns:
            Whether it was deducted; if not, ``spend`` decides.
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
        """Write what this process's users spent, and read what they spent in other processes.

        Raises:
            DatabaseUnavailable: It is written the next time.
        """
        for user_id, balance in tuple(self._balances.items()):
            if balance.unsettled or balance.lock.locked():
                await self._uninterrupted(self._settle(user_id, balance))
            if not balance.is_used:
                self._balances.pop(user_id)

    @asynccontextmanager
    async def settling(self) -> AsyncIterator[None]:
        """Settle periodically until the block ends, and at its end."""
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
        """Count to the end even if the caller is canceled, so that what was counted is known."""
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
                # Settled while this waited for the lock.
                balance.unsettled += length
                return
            try:
                is_held = await self._count(
                    user_id, balance, balance.unsettled + length, is_spent=False
                )
            except DatabaseUnavailable as error:
                # Operations that do not need the database cost little.
                log.warning("allowance_not_counted", reason=str(error))
                return
            if not is_held:
                raise _refusal(allowance, balance, cost, length)

    async def _count(
        self, user_id: str, balance: "_Balance", length: int, *, is_spent: bool
    ) -> bool:
        allowance, settled = self._allowance, balance.unsettled
        assert allowance is not None  # noqa: S101 - counted only then
        requested_at = 0

        async def spend(connection: AsyncConnection) -> tuple[bool, int]:
            nonlocal requested_at
            requested_at = _microseconds()
            return await spend_allowance(connection, user_id, allowance, length, is_spent=is_spent)

        is_counted, missing = await self._database.write_unsynced(spend)
        balance.full_at = requested_at + missing
        if is_counted:
            balance.unsettled -= settled
        return is_counted

    async def _sweep(self) -> None:
        async with self._database.write() as connection:
            await remove_full_allowances(connection)


class _Balance:
    """What this process knows of a user's allowance; times are microseconds of its clock.

    Attributes:
        full_at: When the allowance would be full, by settled spending.
        unsettled: Spending that only this process knows, as a time.
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
        """Whether the allowance is not full, or a caller waits to spend."""
        return self.missing > 0 or self.lock.locked()


def _refusal(allowance: Allowance, balance: _Balance, cost: int, length: int) -> RateLimited:
    missing = balance.missing
    state = state_of(allowance, cost=cost, missing=missing, moment=now())
    wait = max(1, ceil((missing + length - allowance.refill_length) / SECOND))
    return RateLimited(state, retry_after=wait)


def _microseconds() -> int:
    return time.monotonic_ns() * SECOND // 1_000_000_000
