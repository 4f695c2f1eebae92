"""Budgets: what may be spent in a day or a month, how they stand, and how they are set."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.enums import domain_member
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.loaders import LATEST_WEBHOOKS
from gql_server.api.nodes import Node
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.api.webhooks.types import Webhook, webhooks_of
from gql_server.domain import budgets as domain
from gql_server.domain.errors import InvalidInput
from gql_server.domain.money import to_dollars
from gql_server.graphql.execution.weights import list_size
from gql_server.ledger.budgets.alerts import PERCENTAGES
from gql_server.ledger.budgets.budgets import BudgetRequest, BudgetState
from gql_server.quoting import quoted

MAX_BUDGETS_OF_PAYER = len(domain.BudgetScope) * len(domain.BudgetPeriod)
MAX_WARNINGS = 20

_ERRORS = "Every error in the request. Empty when the request succeeded."


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

    percent: int = strawberry.field(description="Percentage of the limit: 50, 80 or 100.")
    reached_at: datetime = strawberry.field(description="When the percentage was reached.")


@described
@strawberry.type
class Budget(Node):
    """A spending limit for a day or a month, with its current state.

    While the server draws previews, previews count; with real models, only their images do.
    """

    scope: BudgetScope = strawberry.field(description="Spending that the budget limits.")
    user_id: strawberry.ID | None = strawberry.field(
        description="ID of the user. Null unless `scope` is USER."
    )
    key_id: strawberry.ID | None = strawberry.field(
        description="ID of the API key. Null unless `scope` is KEY."
    )
    period: BudgetPeriod = strawberry.field(description="How often the budget resets.")
    time_zone: str = strawberry.field(
        description="IANA time zone whose midnights start the periods."
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
        description="URL that receives a webhook when 50, 80 and 100 percent are reached. "
        "Null unless the caller is an admin."
    )
    def webhook_url(self, info: Info) -> str | None:
        """Tell the address, which may hold a secret of its receiver."""
        return self.own_webhook_url if info.context.is_admin else None

    @strawberry.field(
        description="The latest 10 webhooks about this budget, newest first. Empty unless "
        "the caller is an admin.",
        metadata=list_size(LATEST_WEBHOOKS),
    )
    async def webhooks(self, info: Info) -> list[Webhook]:
        """List what was told."""
        return await webhooks_of(info, self.id)


@described
@strawberry.interface(name="Warning")
class PayloadWarning:
    """A warning about a request that succeeded."""

    message: str = strawberry.field(description="Message for people.")


@described
@strawberry.type
class BudgetWarning(PayloadWarning):
    """The request exceeded a soft budget."""

    budget: Budget = strawberry.field(
        description="The budget, as it was before this request was charged."
    )


@strawberry.type(
    description="A budget limits a user or an API key that the server does not know: "
    "perhaps a typing error, or a new user."
)
class UnknownSubjectWarning(PayloadWarning):
    """A budget bounds a user or an API key of which the server knows nothing."""

    subject_id: strawberry.ID = strawberry.field(description="ID of the user or the API key.")


@described
@strawberry.input
class SetBudgetInput:
    """A budget to set.

    It replaces the budget of the same user, key or server and the same period. Amounts already
    reserved stay reserved, even under a lower limit.
    """

    limit: float = strawberry.field(description="Maximum spending per period, in US dollars.")
    period: BudgetPeriod = strawberry.field(description="How often the budget resets.")
    user_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Limit the spending of this user. With neither `userId` nor `keyId`, "
        "the budget limits the whole server.",
    )
    key_id: strawberry.ID | None = strawberry.field(
        default=None, description="Limit the spending with this API key."
    )
    enforcement: BudgetEnforcement = strawberry.field(
        default=BudgetEnforcement.HARD,
        description="Whether requests that would exceed the limit are refused or only "
        "produce a warning.",
    )
    time_zone: str = strawberry.field(
        default="UTC",
        description="IANA time zone whose midnights start the periods, such as `Europe/Berlin`.",
    )
    webhook_url: str | None = strawberry.field(
        default=None,
        description="Public `https://` URL that receives a webhook when 50, 80 and 100 "
        "percent are reached, once per period. Without it, no webhook is sent.",
    )


@described
@strawberry.input
class RemoveBudgetInput:
    """The budget to remove."""

    id: strawberry.ID = strawberry.field(description="ID of the budget, `bdg_…`.")


@described
@strawberry.type
class SetBudgetPayload:
    """The budget, or the errors that prevented the change."""

    budget: Budget | None = strawberry.field(description="The budget. Null when there are errors.")
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description="Warnings about the budget, such as an unknown user.",
        metadata=list_size(MAX_WARNINGS),
    )


@described
@strawberry.type
class RemoveBudgetPayload:
    """The result of removing a budget, or the errors that prevented it."""

    removed_id: strawberry.ID | None = strawberry.field(
        description="ID of the removed budget. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@strawberry.type
class BudgetMutations:
    """What is done to budgets."""

    @strawberry.mutation(
        description="Creates or replaces a daily or monthly budget of the server, a user or"
        " an API key. Requires the admin role."
    )
    async def set_budget(
        self,
        info: Info,
        input: Annotated[
            SetBudgetInput, strawberry.argument(description="ID of the budget, `bdg_…`.")
        ],
    ) -> SetBudgetPayload:
        """Set a budget."""
        try:
            state = await info.context.services.budgets.set(_request(input))
        except REPORTABLE as error:
            return SetBudgetPayload(budget=None, user_errors=user_errors(error), warnings=[])
        return SetBudgetPayload(
            budget=budget_from(info, state),
            user_errors=[],
            warnings=await _subject_warnings(info, state),
        )

    @strawberry.mutation(
        description="Removes a budget. It stops limiting spending. Requires the admin role."
    )
    async def remove_budget(
        self,
        info: Info,
        input: Annotated[
            RemoveBudgetInput, strawberry.argument(description="The budget to remove.")
        ],
    ) -> RemoveBudgetPayload:
        """Remove a budget."""
        try:
            await info.context.services.budgets.remove(input.id)
        except REPORTABLE as error:
            return RemoveBudgetPayload(removed_id=None, user_errors=user_errors(error))
        return RemoveBudgetPayload(removed_id=input.id, user_errors=[])


def budget_from(info: Info, state: BudgetState) -> Budget:
    """Shape a budget as it stands, as far as the caller may know."""
    row = state.window.budget
    scope = BudgetScope(row.scope)
    is_told = scope is not BudgetScope.SERVER or info.context.is_admin
    return Budget(
        id=strawberry.ID(row.id),
        scope=scope,
        user_id=strawberry.ID(row.subject_id) if scope is BudgetScope.USER else None,
        key_id=strawberry.ID(row.subject_id) if scope is BudgetScope.KEY else None,
        period=BudgetPeriod(row.period),
        time_zone=row.time_zone,
        enforcement=BudgetEnforcement.HARD if row.is_hard else BudgetEnforcement.SOFT,
        limit=to_dollars(state.limit) if is_told else None,
        spent=to_dollars(state.spent) if is_told else None,
        reserved=to_dollars(state.reserved) if is_told else None,
        remaining=to_dollars(state.remaining) if is_told else None,
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


def budget_warning(info: Info, state: BudgetState) -> PayloadWarning:
    """Warn of a soft budget that was passed."""
    message = state.detailed_warning if info.context.is_admin else state.warning
    return BudgetWarning(message=message, budget=budget_from(info, state))


async def _subject_warnings(info: Info, state: BudgetState) -> list[PayloadWarning]:
    row = state.window.budget
    if row.subject_id == info.context.user_id or await info.context.services.budgets.knows(row):
        return []
    kind = "user" if row.scope == domain.BudgetScope.USER else "API key"
    message = (
        f"Nothing is known of the {kind} {quoted(row.subject_id)}: it has made nothing here. The "
        "budget holds if it comes; otherwise check the spelling and remove the budget."
    )
    return [UnknownSubjectWarning(message=message, subject_id=strawberry.ID(row.subject_id))]


async def find_budgets(info: Info, ids: list[strawberry.ID]) -> dict[str, Budget]:
    """Find budgets by id: an admin any, everybody else those that their pictures are paid from."""
    context = info.context
    if context.is_admin:
        states = await context.services.budgets.find(ids)
    else:
        states = [state for state in await context.budgets() if state.window.budget.id in ids]
    return {state.window.budget.id: budget_from(info, state) for state in states}


def _request(given: SetBudgetInput) -> BudgetRequest:
    if given.user_id is not None and given.key_id is not None:
        raise InvalidInput("Name a user or a key, not both.", path=("key_id",))
    scope, subject = domain.BudgetScope.SERVER, ""
    if given.user_id is not None:
        scope, subject = domain.BudgetScope.USER, str(given.user_id)
    elif given.key_id is not None:
        scope, subject = domain.BudgetScope.KEY, str(given.key_id)
    return BudgetRequest(
        limit=given.limit,
        period=domain_member(domain.BudgetPeriod, given.period),
        scope=scope,
        subject_id=subject,
        zone_name=given.time_zone,
        is_hard=given.enforcement is BudgetEnforcement.HARD,
        webhook_url=given.webhook_url,
    )
