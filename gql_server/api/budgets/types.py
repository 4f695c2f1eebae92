"""Budgets: their types, and how they are read."""

from datetime import datetime
from enum import Enum

import strawberry

from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.loaders import LATEST_WEBHOOKS
from gql_server.api.nodes import Node
from gql_server.api.webhooks.types import Webhook, webhooks_of
from gql_server.domain import budgets as domain
from gql_server.domain.money import to_dollars
from gql_server.graphql.execution.weights import list_size
from gql_server.ledger.budgets.alerts import PERCENTAGES
from gql_server.ledger.budgets.budgets import BudgetState

PERCENTAGES_IN_WORDS = f"{', '.join(map(str, PERCENTAGES[:-1]))} and {PERCENTAGES[-1]}"
"""The percentages that are reported, in words."""

MAX_BUDGETS_OF_PAYER = len(domain.BudgetScope) * len(domain.BudgetPeriod)


@described
@strawberry.enum
class BudgetScope(Enum):
    """Spending that the budget limits."""

    SERVER = strawberry.enum_value(
        domain.BudgetScope.SERVER, description="Spending of all users together."
    )
    USER = strawberry.enum_value(domain.BudgetScope.USER, description="Spending of one user.")
    KEY = strawberry.enum_value(domain.BudgetScope.KEY, description="Spending with one API key.")


@described
@strawberry.enum
class BudgetPeriod(Enum):
    """How often a budget resets."""

    DAILY = strawberry.enum_value(
        domain.BudgetPeriod.DAILY, description="Every midnight in the budget's time zone."
    )
    MONTHLY = strawberry.enum_value(
        domain.BudgetPeriod.MONTHLY,
        description="On the first of each month, at midnight in the budget's time zone.",
    )


@described
@strawberry.enum
class BudgetEnforcement(Enum):
    """How a budget treats a request that would exceed its limit."""

    HARD = strawberry.enum_value(
        "hard", description="Refuses the request. The limit is never exceeded."
    )
    SOFT = strawberry.enum_value("soft", description="Allows the request and returns a warning.")


@described
@strawberry.type
class BudgetAlert:
    """A percentage of a budget reached in its current period."""

    percent: int = strawberry.field(
        description=f"Percentage of the limit, one of {PERCENTAGES_IN_WORDS}."
    )
    reached_at: datetime = strawberry.field(description="When the percentage was reached.")


@described
@strawberry.type
class Budget(Node):
    """A spending limit for a day or a month, with its current state.

    While the server draws previews, previews count; with real models, only their images do.
    """

    id: strawberry.ID = strawberry.field(description="Globally unique ID of the budget, `bdg_…`.")
    scope: BudgetScope = strawberry.field(description="Spending that the budget limits.")
    user_id: strawberry.ID | None = strawberry.field(
        description="ID of the user whose spending is limited. Null unless `scope` is USER."
    )
    key_id: strawberry.ID | None = strawberry.field(
        description="ID of the API key whose spending is limited. Null unless `scope` is KEY."
    )
    period: BudgetPeriod = strawberry.field(description="How often the budget resets.")
    time_zone: str = strawberry.field(
        description="IANA time zone whose midnights start the periods, such as `Europe/Berlin`."
    )
    enforcement: BudgetEnforcement = strawberry.field(
        description="Whether requests that would exceed the limit are refused or only "
        "produce a warning."
    )
    limit: float | None = strawberry.field(
        description="Maximum spending per period, in US dollars. Null for the server's "
        "budget unless the caller is an admin; `alerts` show everyone how far "
        "it is used."
    )
    spent: float | None = strawberry.field(
        description="Amount charged in the current period, in US dollars. Null for the "
        "server's budget unless the caller is an admin."
    )
    reserved: float | None = strawberry.field(
        description="Amount reserved for images being generated, in US dollars. Null for "
        "the server's budget unless the caller is an admin."
    )
    remaining: float | None = strawberry.field(
        description="Amount that can still be spent, in US dollars; 0 when the limit is "
        "exceeded. Null for the server's budget unless the caller is an admin."
    )
    starts_at: datetime = strawberry.field(description="When the current period started.")
    resets_at: datetime = strawberry.field(
        description="When the current period ends and the next one starts."
    )
    alerts: list[BudgetAlert] = strawberry.field(
        metadata=list_size(len(PERCENTAGES)),
        description="Percentages of the limit reached in the current period.",
    )
    created_at: datetime = strawberry.field(description="When the budget was created.")
    updated_at: datetime = strawberry.field(description="When the budget was last changed.")
    own_webhook_url: strawberry.Private[str | None]

    @strawberry.field(
        description=f"URL that receives a webhook when {PERCENTAGES_IN_WORDS} percent of the limit "
        "are reached. Null when there is none, or when the caller is not an admin."
    )
    def webhook_url(self, info: Info) -> str | None:
        """Return the URL, which may contain a secret of its receiver."""
        return self.own_webhook_url if info.context.is_admin else None

    @strawberry.field(
        description=f"The latest {LATEST_WEBHOOKS} webhooks about this budget, newest first. Empty "
        "unless the caller is an admin.",
        metadata=list_size(LATEST_WEBHOOKS),
    )
    async def webhooks(self, info: Info) -> list[Webhook]:
        """Return the webhooks about the budget."""
        return await webhooks_of(info, self.id)


def budget_from(info: Info, state: BudgetState) -> Budget:
    """Return a budget with the amounts that the caller may see."""
    row = state.window.budget
    scope = BudgetScope(row.scope)
    is_visible = scope is not BudgetScope.SERVER or info.context.is_admin
    return Budget(
        id=strawberry.ID(row.id),
        scope=scope,
        user_id=strawberry.ID(row.subject_id) if scope is BudgetScope.USER else None,
        key_id=strawberry.ID(row.subject_id) if scope is BudgetScope.KEY else None,
        period=BudgetPeriod(row.period),
        time_zone=row.time_zone,
        enforcement=BudgetEnforcement.HARD if row.is_hard else BudgetEnforcement.SOFT,
        limit=to_dollars(state.limit) if is_visible else None,
        spent=to_dollars(state.spent) if is_visible else None,
        reserved=to_dollars(state.reserved) if is_visible else None,
        remaining=to_dollars(state.remaining) if is_visible else None,
        starts_at=state.window.starts_at,
        resets_at=state.window.resets_at,
        alerts=[
            BudgetAlert(percent=percent, reached_at=reached_at)
            for percent, reached_at in sorted(state.alerts.items())
        ],
        created_at=row.created_at,
        updated_at=row.updated_at,
        own_webhook_url=row.webhook_url,
    )


async def find_budgets(info: Info, ids: list[strawberry.ID]) -> dict[str, Budget]:
    """Find budgets by ID: for admins any, for others those that pay for their images."""
    context = info.context
    if context.is_admin:
        states = await context.services.budgets.find(ids)
    else:
        states = [state for state in await context.budgets() if state.window.budget.id in ids]
    return {state.window.budget.id: budget_from(info, state) for state in states}
