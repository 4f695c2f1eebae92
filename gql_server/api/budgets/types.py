"""Budgets: what may be spent in a day or a month, how they stand, and how they are set."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from gql_server.api.context import LATEST_WEBHOOKS, Info
from gql_server.api.enums import domain_member
from gql_server.api.errors import REPORTABLE, user_errors
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

_ERRORS = "Everything that is wrong with the request, at once."


@strawberry.enum(description="Whose spending counts.")
class BudgetScope(Enum):
    """Whose spending counts."""

    SERVER = strawberry.enum_value(domain.BudgetScope.SERVER, description="Everyone's together.")
    USER = strawberry.enum_value(domain.BudgetScope.USER, description="One user's.")
    KEY = strawberry.enum_value(
        domain.BudgetScope.KEY, description="What is asked for with one API key."
    )


@strawberry.enum(description="How often a budget starts anew.")
class BudgetPeriod(Enum):
    """How often a budget starts anew."""

    DAILY = strawberry.enum_value(
        domain.BudgetPeriod.DAILY, description="At every midnight of its time zone."
    )
    MONTHLY = strawberry.enum_value(
        domain.BudgetPeriod.MONTHLY, description="At the midnight that a month begins with."
    )


@strawberry.enum(description="What a budget does with a request that would pass its limit.")
class BudgetEnforcement(Enum):
    """What a budget does with a request that would pass its limit."""

    HARD = strawberry.enum_value(
        "hard", description="It refuses: nothing is spent, not by one picture too many."
    )
    SOFT = strawberry.enum_value("soft", description="It warns, and lets the request pass.")


@strawberry.type(description="A share of a budget that was reached in its present period.")
class BudgetAlert:
    """A share of a budget that was reached."""

    percent: int = strawberry.field(description="50, 80 or 100.")
    reached_at: datetime = strawberry.field(description="When that was noticed.")


@strawberry.type(
    description="What may be spent in a day or a month, as it stands. Previews count while the "
    "server makes previews; with real models, theirs alone."
)
class Budget(Node):
    """What may be spent in a day or a month, as it stands."""

    scope: BudgetScope = strawberry.field(description="Whose spending counts.")
    user_id: strawberry.ID | None = strawberry.field(
        description="The user; none unless `scope` is USER."
    )
    key_id: strawberry.ID | None = strawberry.field(
        description="The API key; none unless `scope` is KEY."
    )
    period: BudgetPeriod = strawberry.field(description="How often it starts anew.")
    time_zone: str = strawberry.field(description="Whose midnights count: an IANA name.")
    enforcement: BudgetEnforcement = strawberry.field(
        description="Whether it refuses what would pass the limit, or warns."
    )
    limit: float | None = strawberry.field(
        description="What may be spent in a period, in US dollars. This and the next three are "
        "told of the server's budget to admins alone; `alerts` say to everybody how far it is used."
    )
    spent: float | None = strawberry.field(
        description="What was charged in the present period, in US dollars."
    )
    reserved: float | None = strawberry.field(
        description="What is held for pictures in the making, in US dollars."
    )
    remaining: float | None = strawberry.field(
        description="What can still be asked for, in US dollars; 0 when the limit was passed."
    )
    starts_at: datetime = strawberry.field(description="When the present period began.")
    resets_at: datetime = strawberry.field(description="When it ends, and the next begins.")
    alerts: list[BudgetAlert] = strawberry.field(
        metadata=list_size(len(PERCENTAGES)),
        description="The shares of the limit that were reached in the present period.",
    )
    created_at: datetime = strawberry.field(description="When it was first set.")
    updated_at: datetime = strawberry.field(description="When it was last set.")
    own_webhook_url: strawberry.Private[str | None]

    @strawberry.field(
        description="Who is told when 50, 80 and 100 percent are reached; told to admins alone."
    )
    def webhook_url(self, info: Info) -> str | None:
        """Tell the address, which may hold a secret of its receiver."""
        return self.own_webhook_url if info.context.is_admin else None

    @strawberry.field(
        description="The latest 10 webhooks that told of it, the newest first; for admins alone, "
        "others see none.",
        metadata=list_size(LATEST_WEBHOOKS),
    )
    async def webhooks(self, info: Info) -> list[Webhook]:
        """List what was told."""
        return await webhooks_of(info, self.id)


@strawberry.interface(
    name="Warning", description="Something to know of, though the request was done."
)
class PayloadWarning:
    """Something to know of, though the request was done."""

    message: str = strawberry.field(description="For people: what there is to know.")


@strawberry.type(description="The cost of the picture passed the limit of a soft budget.")
class BudgetWarning(PayloadWarning):
    """The cost of the picture passed the limit of a soft budget."""

    budget: Budget = strawberry.field(
        description="The budget, as it stood before this picture was charged."
    )


@strawberry.type(
    description="A budget bounds a user or an API key of which the server knows nothing: a typing "
    "error, or somebody who has not come yet."
)
class UnknownSubjectWarning(PayloadWarning):
    """A budget bounds a user or an API key of which the server knows nothing."""

    subject_id: strawberry.ID = strawberry.field(description="ID of the user or the API key.")


@strawberry.input(
    description="A budget; it takes the place of one of the same user, key or server, and period. "
    "What is held already stays held, also under a lower limit."
)
class SetBudgetInput:
    """A budget."""

    limit: float = strawberry.field(description="What may be spent in a period, in US dollars.")
    period: BudgetPeriod = strawberry.field(description="How often it starts anew.")
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="Bound this user; with neither user nor key, the whole server."
    )
    key_id: strawberry.ID | None = strawberry.field(
        default=None, description="Bound what is asked for with this API key."
    )
    enforcement: BudgetEnforcement = strawberry.field(
        default=BudgetEnforcement.HARD,
        description="Whether it refuses what would pass the limit, or warns.",
    )
    time_zone: str = strawberry.field(
        default="UTC", description="Whose midnights count: an IANA name such as `Europe/Berlin`."
    )
    webhook_url: str | None = strawberry.field(
        default=None,
        description="An address to tell when 50, 80 and 100 percent are reached, once for each "
        "period: `https://…`, no private network. Left out, nobody is told.",
    )


@strawberry.input(description="The budget to remove.")
class RemoveBudgetInput:
    """The budget to remove."""

    id: strawberry.ID = strawberry.field(description="The budget.")


@strawberry.type(description="The budget as it stands, or what kept it from being set.")
class SetBudgetPayload:
    """The budget as it stands, or what kept it from being set."""

    budget: Budget | None = strawberry.field(description="The budget; none when there are errors.")
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )
    warnings: list[PayloadWarning] = strawberry.field(
        description="What to know although the budget was set, such as a user of whom nothing is "
        "known.",
        metadata=list_size(MAX_WARNINGS),
    )


@strawberry.type(description="The budget that is gone, or what kept it from being removed.")
class RemoveBudgetPayload:
    """The budget that is gone, or what kept it from being removed."""

    removed_id: strawberry.ID | None = strawberry.field(
        description="The id of the removed budget; none when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@strawberry.type
class BudgetMutations:
    """What is done to budgets."""

    @strawberry.mutation(
        description="Say what may be spent in a day or a month: by the whole server, by a user, or "
        "with an API key; for admins."
    )
    async def set_budget(
        self,
        info: Info,
        input: Annotated[SetBudgetInput, strawberry.argument(description="The budget.")],
    ) -> SetBudgetPayload:
        """Set a budget."""
        try:
            state = await info.context.parts.budgets.set(_request(input))
        except REPORTABLE as error:
            return SetBudgetPayload(budget=None, user_errors=user_errors(error), warnings=[])
        return SetBudgetPayload(
            budget=budget_from(info, state),
            user_errors=[],
            warnings=await _subject_warnings(info, state),
        )

    @strawberry.mutation(
        description="Remove a budget; what it bounded is bounded no more; for admins."
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
            await info.context.parts.budgets.remove(input.id)
        except REPORTABLE as error:
            return RemoveBudgetPayload(removed_id=None, user_errors=user_errors(error))
        return RemoveBudgetPayload(removed_id=input.id, user_errors=[])


def budget_from(info: Info, state: BudgetState) -> Budget:
    """Shape a budget as it stands, as far as the caller may know."""
    row = state.span.budget
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
        starts_at=state.span.starts_at,
        resets_at=state.span.resets_at,
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
    row = state.span.budget
    if row.subject_id == info.context.user_id or await info.context.parts.budgets.knows(row):
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
        states = await context.parts.budgets.find(ids)
    else:
        states = [state for state in await context.budgets() if state.span.budget.id in ids]
    return {state.span.budget.id: budget_from(info, state) for state in states}


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
