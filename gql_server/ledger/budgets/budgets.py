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
MAX_DOLLARS: Final = 1_000_000_000
MAX_SUBJECT_LENGTH: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRequest:
    """A budget as an operator requests it.

    Attributes:
        limit: US dollars.
        period: A day or a month.
        scope: Whose spending it limits.
        subject_id: The user or the API key; empty for the server.
        zone_name: The IANA name of the time zone at whose midnights it resets.
        is_hard: Whether it refuses requests that would exceed the limit; otherwise it warns.
        webhook_url: Where alerts are sent; None: nowhere.
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
    """A budget in its current period, in billionths of a dollar.

    Attributes:
        window: The budget and its period.
        spent: Amount charged in the period.
        reserved: Amount reserved for running work.
        alerts: When each percentage was reached in the period.
    """

    window: BudgetWindow
    spent: int
    reserved: int
    alerts: dict[int, datetime] = field(default_factory=dict)

    @property
    def limit(self) -> int:
        """Maximum spending per period."""
        return self.window.budget.amount

    @property
    def remaining(self) -> int:
        """What can still be spent; 0 if the limit is exceeded."""
        return max(0, self.limit - self.spent - self.reserved)

    @property
    def warning(self) -> str:
        """The warning when a soft budget is exceeded; the server's does not include its limit."""
        budget = self.window.budget
        if budget.scope == BudgetScope.SERVER:
            return f"The {budget.scope}'s {budget.period} budget has been exceeded."
        return self.detailed_warning

    @property
    def detailed_warning(self) -> str:
        """The warning for callers who may know the server's total spending."""
        budget = self.window.budget
        limit = decimal_dollars(self.limit)
        return f"The {budget.scope}'s {budget.period} budget of ${limit} has been exceeded."

    def warning_for(self, *, is_admin: bool) -> str:
        """Return the warning for a caller: only admins see the server's limit."""
        return self.detailed_warning if is_admin else self.warning

    def would_exceed(self, needed: int) -> bool:
        """Return whether this additional amount would exceed the limit; zero never does."""
        return 0 < needed > self.limit - self.spent - self.reserved


class Budgets:
    """Sets budgets, and returns their states."""

    def __init__(
        self,
        database: Database,
        lease: ProcessLease,
        *,
        is_preview: bool,
        check_webhook: AddressCheck,
    ) -> None:
        """Take the services it works with.

        Args:
            database: Where the budgets, the ledger and the reservations are.
            lease: The process whose reservations are this one's.
            is_preview: Whether charges of the preview generator count, or those of real models.
            check_webhook: Raises InvalidInput for an address that webhooks may not be sent to.
        """
        self.database: Final = database
        self.lease: Final = lease
        self.is_preview: Final = is_preview
        self._check_webhook = check_webhook

    async def set(self, request: BudgetRequest) -> BudgetState:
        """Set a budget, replacing one with the same scope, subject and period.

        Existing reservations remain, even if a lower limit has no room for them.

        Raises:
            Rejected: With every error at once.
        """
        errors = list(validate_budget(request))
        if request.webhook_url is not None:
            try:
                await self._check_webhook(request.webhook_url)
            except InvalidInput as error:
                errors.append(error)
        if errors:
            raise Rejected(errors)
        async with self.database.write() as connection:
            budget = await statements.write_budget(connection, new_budget(request))
            return (await self.states_of(connection, [budget]))[0]

    async def knows(self, budget: BudgetRecord) -> bool:
        """Return whether the budget's user or key is known; the server always is."""
        find = _KNOWN.get(budget.scope)
        if find is None:
            return True
        async with self.database.read() as connection:
            return await find(connection, budget.subject_id)

    async def remove(self, budget_id: str) -> None:
        """Delete a budget; spending is no longer limited by it.

        Raises:
            BudgetNotFound: There is no such budget.
        """
        async with self.database.write() as connection:
            if not await statements.remove_budget(connection, budget_id):
                raise BudgetNotFound(budget_id)

    async def find(self, ids: Collection[str]) -> Sequence[BudgetState]:
        """Return the states of budgets by ID; unknown ones are omitted."""
        async with self.database.read() as connection:
            return await self.states_of(connection, await statements.find_budgets(connection, ids))

    async def every(self, *, limit: int | None = None) -> Sequence[BudgetState]:
        """Return the states of all budgets, the server's first; at most ``limit``."""
        found: list[BudgetState] = []
        async for states in self.chunks(_CHUNK):
            found.extend(states)
            if limit is not None and len(found) >= limit:
                break
        return found[:limit]

    async def chunks(self, size: int) -> AsyncIterator[Sequence[BudgetState]]:
        """Yield the states of all budgets in chunks."""
        async with self.database.read() as connection:
            budgets = await statements.every_budget(connection)
        for start in range(0, len(budgets), size):
            async with self.database.read() as connection:
                yield await self.states_of(connection, budgets[start : start + size])

    async def of(self, payer: Payer) -> Sequence[BudgetState]:
        """Return the states of the budgets that a payer's images are paid from."""
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
        """Return the states of budgets.

        Args:
            connection: Where to read.
            budgets: The budgets.
            leaving_out: The ID of work whose reservation is not counted.
            with_alerts: Whether to include which percentages were reached.
            counts_expired: Whether reservations of dead processes count until they are removed.
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
    """Return the budget that applies first: hard before soft, then the one with the least left."""
    order = sorted(states, key=lambda state: (not state.window.budget.is_hard, state.remaining))
    return order[0] if order else None


def validate_budget(request: BudgetRequest) -> Iterator[DomainError]:
    """Yield the errors of a budget, except those of its webhook's address."""
    if not 0 <= request.limit <= MAX_DOLLARS:
        yield InvalidInput(
            f"The limit must be between 0 and {MAX_DOLLARS} US dollars.",
            path=("limit",),
            code=ErrorCode.OUT_OF_RANGE,
        )
    try:
        time_zone(request.zone_name)
    except InvalidInput as error:
        yield error
    if request.scope is not BudgetScope.SERVER:
        name = "user_id" if request.scope is BudgetScope.USER else "key_id"
        yield from text_errors(
            request.subject_id,
            path=(name,),
            label="The id",
            minimum=1,
            maximum=MAX_SUBJECT_LENGTH,
        )


def new_budget(request: BudgetRequest) -> BudgetRow:
    """Return the row of a valid budget, with a new ID."""
    moment = now()
    return BudgetRow(
        id=new_id("bdg"),
        scope=request.scope,
        subject_id=request.subject_id,
        period=request.period,
        time_zone=request.zone_name,
        amount=round_down_to_nanos(request.limit),
        is_hard=request.is_hard,
        webhook_url=request.webhook_url,
        created_at=moment,
        updated_at=moment,
    )


def _window(budget: BudgetRecord, moment: datetime) -> BudgetWindow:
    window = day_range if budget.period == BudgetPeriod.DAILY else month_range
    starts_at, resets_at = window(moment, time_zone(budget.time_zone))
    return BudgetWindow(budget=budget, starts_at=starts_at, resets_at=resets_at)
