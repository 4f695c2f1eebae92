"""Alerts: whoever runs the server is told when a budget's shares are reached.

A share that was reached is told once for each period. Whether it was is looked up and not
remembered: what a process that died did not tell is told by whoever looks next.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog

from gql_server.database.budgets import record_alert
from gql_server.domain.budgets import Payer
from gql_server.ledger.budgets import Budgets, BudgetState
from gql_server.processes.recurring import recurring

log = structlog.get_logger(__name__)

PERCENTAGES: Final = (50, 80, 100)

_LOOK_SECONDS: Final = 1.0
_LOOK_AT_ALL_SECONDS: Final = 600.0
_CHUNK: Final = 50


class BudgetAlerts:
    """Looks at the budgets that were spent from, and tells which shares were reached."""

    def __init__(self, budgets: Budgets) -> None:
        self._budgets: Final = budgets
        self._spent: set[Payer] = set()

    def spent(self, payer: Payer) -> None:
        """Say that a payer's budgets were spent from; they are looked at soon."""
        self._spent.add(payer)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look at what was spent from until the end of the block, and at times at everything."""
        async with (
            recurring("budget alerts", self.look, seconds=_LOOK_SECONDS),
            recurring("all budget alerts", self.look_at_all, seconds=_LOOK_AT_ALL_SECONDS),
        ):
            yield
        await self.look()

    async def look(self) -> None:
        """Look at the budgets that were spent from since the last look."""
        payers, self._spent = self._spent, set()
        try:
            for payer in tuple(payers):
                await self._look_at(await self._budgets.of(payer))
                payers.discard(payer)
        finally:
            self._spent |= payers

    async def look_at_all(self) -> None:
        """Look at every budget: a process may have died before it told, a limit been lowered."""
        async for states in self._budgets.chunks(_CHUNK):
            await self._look_at(states)

    async def _look_at(self, states: Sequence[BudgetState]) -> None:
        for state in states:
            for percent in PERCENTAGES:
                if _is_reached(state, percent) and percent not in state.alerts:
                    await self._alert(state, percent)

    async def _alert(self, state: BudgetState, percent: int) -> None:
        async with self._budgets.database.write() as connection:
            if not await record_alert(connection, state.span, percent):
                return
        log.warning(
            "budget_share_reached",
            budget=state.span.budget.id,
            percent=percent,
            spent=state.spent,
            limit=state.limit,
        )


def _is_reached(state: BudgetState, percent: int) -> bool:
    return state.spent > 0 and state.spent * 100 >= state.limit * percent
