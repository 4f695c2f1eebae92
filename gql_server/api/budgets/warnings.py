"""Warnings of payloads, and those about budgets."""

import strawberry

from gql_server.api.budgets.types import Budget, budget_from
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.ledger.budgets.budgets import BudgetState

MAX_WARNINGS = 20


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


@described
@strawberry.type
class UnknownSubjectWarning(PayloadWarning):
    """A budget limits a user or an API key that the server does not know.

    The ID may be mistyped, or new.
    """

    subject_id: strawberry.ID = strawberry.field(description="ID of the user or the API key.")


def budget_warning(info: Info, state: BudgetState) -> PayloadWarning:
    """Return the warning about an exceeded soft budget."""
    message = state.warning_for(is_admin=info.context.is_admin)
    return BudgetWarning(message=message, budget=budget_from(info, state))
