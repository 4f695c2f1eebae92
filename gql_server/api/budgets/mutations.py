"""Mutations of budgets."""

from typing import Annotated, Final

import strawberry

from gql_server.api.budgets.types import (
    PERCENTAGES_IN_WORDS,
    Budget,
    BudgetEnforcement,
    BudgetPeriod,
    budget_from,
)
from gql_server.api.budgets.warnings import MAX_WARNINGS, PayloadWarning, UnknownSubjectWarning
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.descriptions import BUDGET_ENFORCEMENT, BUDGET_LIMIT, TIME_ZONE, WEBHOOK_URL
from gql_server.api.enums import domain_member
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.domain import budgets as domain
from gql_server.domain.errors import InvalidInput
from gql_server.graphql.execution.weights import list_size
from gql_server.ledger.budgets.budgets import MAX_SUBJECT_LENGTH, BudgetRequest, BudgetState
from gql_server.quoting import quoted

_ERRORS: Final = "Every error in the request. Empty when the request succeeded."


@described
@strawberry.input
class SetBudgetInput:
    """A budget to set.

    It replaces the budget of the same user, key or server and the same period. Amounts already
    reserved stay reserved, even under a lower limit.
    """

    limit: float = strawberry.field(description=BUDGET_LIMIT)
    period: BudgetPeriod = strawberry.field(description="How often the budget resets.")
    user_id: strawberry.ID | None = strawberry.field(
        default=None,
        description=f"ID of the user whose spending is limited, 1 to {MAX_SUBJECT_LENGTH} "
        "characters. With neither `userId` nor `keyId`, the budget limits the whole server.",
    )
    key_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="ID of the API key whose spending is limited, `key_…`. Not "
        "together with `userId`.",
    )
    enforcement: BudgetEnforcement = strawberry.field(
        default=BudgetEnforcement.HARD,
        description=BUDGET_ENFORCEMENT,
    )
    time_zone: str = strawberry.field(
        default="UTC",
        description=TIME_ZONE,
    )
    webhook_url: str | None = strawberry.field(
        default=None,
        description=f"{WEBHOOK_URL} a webhook when {PERCENTAGES_IN_WORDS} percent of the limit "
        "are reached, once per period. No webhook is sent when omitted.",
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
    """Mutation fields of budgets."""

    @strawberry.mutation(
        description="Creates or replaces a daily or monthly budget of the server, a user or"
        " an API key. Requires the admin role."
    )
    async def set_budget(
        self,
        info: Info,
        input: Annotated[
            SetBudgetInput, strawberry.argument(description="The budget to create or replace.")
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
        description="Removes a budget, which then no longer limits spending. Requires the admin "
        "role."
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


async def _subject_warnings(info: Info, state: BudgetState) -> list[PayloadWarning]:
    row = state.window.budget
    if row.subject_id == info.context.user_id or await info.context.services.budgets.knows(row):
        return []
    kind = "user" if row.scope == domain.BudgetScope.USER else "API key"
    message = (
        f"The {kind} {quoted(row.subject_id)} is unknown: it has generated nothing on this server. "
        "The budget applies as soon as it does. If this is a typing error, remove the budget."
    )
    return [UnknownSubjectWarning(message=message, subject_id=strawberry.ID(row.subject_id))]


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
