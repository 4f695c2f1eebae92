"""Alerts: notifications when a share of a budget is reached.

Each share is reported once per period: in the log, and by the budget's webhook. Whether it was
is looked up in the database, not remembered: what a process that died did not report is reported
by the next check.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.budgets import record_alert
from gql_server.domain.budgets import BudgetPeriod, BudgetScope, Payer
from gql_server.domain.clock import to_iso
from gql_server.domain.money import decimal_dollars
from gql_server.domain.webhooks import WebhookKind
from gql_server.ledger.budgets.budgets import Budgets, BudgetState
from gql_server.processes.recurring import recurring
from gql_server.webhooks.outbox import record_webhook

log = structlog.get_logger(__name__)

PERCENTAGES: Final = (50, 80, 100)

_LOOK_SECONDS: Final = 1.0
_LOOK_AT_ALL_SECONDS: Final = 600.0
_CHUNK: Final = 50


class BudgetAlerts:
    """Checks the budgets that were spent from, and reports which shares were reached."""

    def __init__(self, budgets: Budgets, *, deliver_soon: Callable[[str], Awaitable[None]]) -> None:
        """Take the services it works with.

        Args:
            budgets: The budgets.
            deliver_soon: Delivers the webhook with an ID, which is committed by then.
        """
        self._budgets: Final = budgets
        self._deliver_soon = deliver_soon
        self._spent: set[Payer] = set()

    def spent(self, payer: Payer) -> None:
        """Report that a payer's budgets were spent from; they are checked soon."""
        self._spent.add(payer)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Check budgets after spending, and all of them at intervals, while the block runs."""
        async with (
            recurring("budget alerts", self.look, seconds=_LOOK_SECONDS),
            recurring("all budget alerts", self.look_at_all, seconds=_LOOK_AT_ALL_SECONDS),
        ):
            yield
        try:
            await self.look()
        except DatabaseUnavailable as error:
            log.warning("budgets_not_checked", reason=str(error))  # the next check reports it

    async def look(self) -> None:
        """Check the budgets that were spent from since the last check."""
        payers, self._spent = self._spent, set()
        try:
            for payer in tuple(payers):
                await self._look_at(await self._budgets.of(payer))
                payers.discard(payer)
        finally:
            self._spent |= payers

    async def look_at_all(self) -> None:
        """Check all budgets: a process may have died before its report, or a limit been lowered."""
        async for states in self._budgets.chunks(_CHUNK):
            await self._look_at(states)

    async def _look_at(self, states: Sequence[BudgetState]) -> None:
        for state in states:
            for percent in PERCENTAGES:
                if _is_reached(state, percent) and percent not in state.alerts:
                    await self._alert(state, percent)

    async def _alert(self, state: BudgetState, percent: int) -> None:
        webhook_id = None
        budget = state.window.budget
        async with self._budgets.database.write() as connection:
            if not await record_alert(connection, state.window, percent):
                return
            if budget.webhook_url is not None:
                webhook_id = await record_webhook(
                    connection,
                    url=budget.webhook_url,
                    kind=WebhookKind.BUDGET_THRESHOLD_REACHED,
                    payload=_payload(state, percent),
                    user_id=None,  # only admins know about budgets
                    subject_id=budget.id,
                )
        log.warning(
            "budget_share_reached",
            budget=budget.id,
            percent=percent,
            spent=state.spent,
            limit=state.limit,
        )
        if webhook_id is not None:
            await self._deliver_soon(webhook_id)


def _payload(state: BudgetState, percent: int) -> dict[str, Any]:
    budget = state.window.budget
    return {
        "budgetId": budget.id,
        "scope": BudgetScope(budget.scope).name,
        "userId": budget.subject_id if budget.scope == BudgetScope.USER else None,
        "keyId": budget.subject_id if budget.scope == BudgetScope.KEY else None,
        "period": BudgetPeriod(budget.period).name,
        "percent": percent,
        "limit": decimal_dollars(state.limit),
        "spent": decimal_dollars(state.spent),
        "periodStartsAt": to_iso(state.window.starts_at),
        "resetsAt": to_iso(state.window.resets_at),
    }


def _is_reached(state: BudgetState, percent: int) -> bool:
    return state.spent > 0 and state.spent * 100 >= state.limit * percent
