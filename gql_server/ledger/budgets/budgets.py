"""Budgets: what may be spent in a day or a month, and how much of it is left."""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database
from gql_server.database.queries import budgets as statements
from gql_server.database.queries.budgets import BudgetWindow, Spending
from gql_server.database.queries.known_users import is_known_key, is_known_user
from gql_server.database.records.budgets import BudgetRecord
from gql_server.database.tables.budgets import BudgetRow
from gql_server.domain.budgets import BudgetPeriod, BudgetScope, Payer
from gql_server.domain.clock import now
from gql_server.domain.errors import BudgetNotFound, DomainError, ErrorCode, InvalidInput, Rejected
from gql_server.domain.ids import new_id
from gql_server.domain.money import decimal_dollars, round_down_to_nanos
from gql_server.domain.text import text_errors
from gql_server.ledger.reports.periods import day_range, month_range, time_zone
from gql_server.processes.lease import ProcessLease

AddressCheck = Callable[[str], Awaitable[None]]

_KNOWN: Final[Mapping[str, Callable[[AsyncConnection, str], Awaitable[bool]]]] = {
    BudgetScope.USER: is_known_user,
    BudgetScope.KEY: is_known_key,
}
_CHUNK: Final = 50
_MAX_DOLLARS: Final = 1_000_000_000
_MAX_SUBJECT_LENGTH: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRequest:
    """A budget as an operator wants it.

    Attributes:
        limit: US dollars.
        period: A day or a month.
        scope: Whose spending counts.
        subject_id: The user or the API key; empty for the server.
        zone_name: The IANA name of the time zone whose midnights it starts anew at.
        is_hard: Whether it refuses what would pass the limit; otherwise it warns.
        webhook_url: Who is told when its shares are reached; None: nobody.
    """

    limit: float
    period: BudgetPeriod
    scope: BudgetScope = BudgetScope.SERVER
    subject_id: str = ""
    zone_name: str = "UTC"
    is_hard: bool = True
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """A budget in its present period, in billionths of a dollar.

    Attributes:
        window: The budget and its period.
        spent: What was charged in the period.
        reserved: What is held for work in flight.
        alerts: When each percentage was reached in the period.
    """

    window: BudgetWindow
    spent: int
    reserved: int
    alerts: dict[int, datetime] = field(default_factory=dict)

    @property
    def limit(self) -> int:
        """What may be spent in a period."""
        return self.window.budget.amount

    @property
    def remaining(self) -> int:
        """What can still be asked for; 0 where the limit was passed."""
        return max(0, self.limit - self.spent - self.reserved)

    @property
    def warning(self) -> str:
        """What to tell whoever passed it, where it is soft; the server's without its limit."""
        budget = self.window.budget
        if budget.scope == BudgetScope.SERVER:
            return f"The {budget.scope}'s {budget.period} budget has been exceeded."
        return self.detailed_warning

    @property
    def detailed_warning(self) -> str:
        """What to tell of it to those who may know what everybody together spends."""
        budget = self.window.budget
        limit = decimal_dollars(self.limit)
        return f"The {budget.scope}'s {budget.period} budget of ${limit} has been exceeded."

    def would_pass(self, needed: int) -> bool:
        """Tell whether so much more would pass the limit; what is free never does."""
        return 0 < needed > self.limit - self.spent - self.reserved


class Budgets:
    """Sets budgets, and tells how they stand."""

    def __init__(
        self,
        database: Database,
        lease: ProcessLease,
        *,
        is_preview: bool,
        check_webhook: AddressCheck,
    ) -> None:
        """Take the parts it works with.

        Args:
            database: Where the budgets, the ledger and the reservations are.
            lease: Whose reservations this process's are.
            is_preview: Whether charges of the preview generator count, or those of real models.
            check_webhook: Raises InvalidInput for an address that webhooks may not go to.
        """
        self.database: Final = database
        self.lease: Final = lease
        self.is_preview: Final = is_preview
        self._check_webhook = check_webhook

    async def set(self, wanted: BudgetRequest) -> BudgetState:
        """Set a budget, in place of one of the same scope, subject and period.

        What is held already stays held, also where a lowered limit leaves no room for it.

        Raises:
            Rejected: With every fault at once.
        """
        faults = list(validate_budget(wanted))
        if wanted.webhook_url is not None:
            try:
                await self._check_webhook(wanted.webhook_url)
            except InvalidInput as fault:
                faults.append(fault)
        if faults:
            raise Rejected(faults)
        async with self.database.write() as connection:
            budget = await statements.write_budget(connection, new_budget(wanted))
            return (await self.states_of(connection, [budget]))[0]

    async def knows(self, budget: BudgetRecord) -> bool:
        """Tell whether anything is known of whom a budget bounds; of the server it always is."""
        find = _KNOWN.get(budget.scope)
        if find is None:
            return True
        async with self.database.read() as connection:
            return await find(connection, budget.subject_id)

    async def remove(self, budget_id: str) -> None:
        """Remove a budget; what it bounded is bounded no more.

        Raises:
            BudgetNotFound: There is no such budget.
        """
        async with self.database.write() as connection:
            if not await statements.remove_budget(connection, budget_id):
                raise BudgetNotFound(budget_id)

    async def find(self, ids: Collection[str]) -> Sequence[BudgetState]:
        """Return budgets by id, as they stand; one that is not there is left out."""
        async with self.database.read() as connection:
            return await self.states_of(connection, await statements.find_budgets(connection, ids))

    async def every(self, *, limit: int | None = None) -> Sequence[BudgetState]:
        """Return every budget as it stands, the server's first; at most ``limit``."""
        found: list[BudgetState] = []
        async for states in self.chunks(_CHUNK):
            found.extend(states)
            if limit is not None and len(found) >= limit:
                break
        return found[:limit]

    async def chunks(self, size: int) -> AsyncIterator[Sequence[BudgetState]]:
        """Return every budget as it stands, so many at a time."""
        async with self.database.read() as connection:
            budgets = await statements.every_budget(connection)
        for start in range(0, len(budgets), size):
            async with self.database.read() as connection:
                yield await self.states_of(connection, budgets[start : start + size])

    async def of(self, payer: Payer) -> Sequence[BudgetState]:
        """Return the budgets that a payer's pictures are paid from, as they stand."""
        async with self.database.read() as connection:
            budgets = await statements.applicable_budgets(connection, payer)
            return await self.states_of(connection, budgets)

    async def states_of(
        self,
        connection: AsyncConnection,
        budgets: Sequence[BudgetRecord],
        *,
        leaving_out: str = "",
        with_alerts: bool = True,
        counts_expired: bool = False,
    ) -> Sequence[BudgetState]:
        """Tell how budgets stand.

        Args:
            connection: Where to read.
            budgets: The budgets.
            leaving_out: The id of work whose reservation does not count.
            with_alerts: Whether to tell which percentages were reached.
            counts_expired: Whether what a dead process held counts until it is removed.
        """
        moment = now()
        windows = [_window(budget, moment) for budget in budgets]
        found: Sequence[Spending] = await statements.spendings(
            connection,
            windows,
            is_preview=self.is_preview,
            leaving_out=leaving_out,
            counts_expired=counts_expired,
        )
        alerts = await statements.alerts_of(connection, windows) if with_alerts else {}
        return [
            BudgetState(
                window=window,
                spent=spending.spent,
                reserved=spending.reserved,
                alerts=alerts.get(window.budget.id, {}),
            )
            for window, spending in zip(windows, found, strict=True)
        ]


def tightest(states: Sequence[BudgetState]) -> BudgetState | None:
    """Return the budget that will be felt first: hard before soft, then the least that is left."""
    order = sorted(states, key=lambda state: (not state.window.budget.is_hard, state.remaining))
    return order[0] if order else None


def validate_budget(wanted: BudgetRequest) -> Iterator[DomainError]:
    """Yield what is wrong with a budget, apart from its webhook's address."""
    if not 0 <= wanted.limit <= _MAX_DOLLARS:
        yield InvalidInput(
            f"The limit must be between 0 and {_MAX_DOLLARS} US dollars.",
            path=("limit",),
            code=ErrorCode.OUT_OF_RANGE,
        )
    try:
        time_zone(wanted.zone_name)
    except InvalidInput as fault:
        yield fault
    if wanted.scope is not BudgetScope.SERVER:
        name = "user_id" if wanted.scope is BudgetScope.USER else "key_id"
        yield from text_errors(
            wanted.subject_id,
            path=(name,),
            label="The id",
            minimum=1,
            maximum=_MAX_SUBJECT_LENGTH,
        )


def new_budget(wanted: BudgetRequest) -> BudgetRow:
    """Return the row of a budget without faults, with a new id."""
    moment = now()
    return BudgetRow(
        id=new_id("bdg"),
        scope=wanted.scope,
        subject_id=wanted.subject_id,
        period=wanted.period,
        time_zone=wanted.zone_name,
        amount=round_down_to_nanos(wanted.limit),
        is_hard=wanted.is_hard,
        webhook_url=wanted.webhook_url,
        created_at=moment,
        updated_at=moment,
    )


def _window(budget: BudgetRecord, moment: datetime) -> BudgetWindow:
    window = day_range if budget.period == BudgetPeriod.DAILY else month_range
    starts_at, resets_at = window(moment, time_zone(budget.time_zone))
    return BudgetWindow(budget=budget, starts_at=starts_at, resets_at=resets_at)
