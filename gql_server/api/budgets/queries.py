"""Queries of budgets."""

from typing import Annotated, Final

import strawberry

from gql_server.api.budgets.types import Budget, budget_from
from gql_server.api.context import Info
from gql_server.api.pages import check_limit, limit_description
from gql_server.graphql.execution.weights import LIST_LIMIT, ListLimit
from gql_server.graphql.plans.fields import PLAN, ByResolver

_BUDGETS: Final = ListLimit(default=100, maximum=1_000)


@strawberry.type
class BudgetQueries:
    """Query fields that return budgets."""

    @strawberry.field(
        description="All budgets, the server's first. Requires the admin role.",
        metadata={LIST_LIMIT: _BUDGETS, PLAN: ByResolver()},
    )
    async def budgets(
        self,
        info: Info,
        limit: Annotated[
            int, strawberry.argument(description=limit_description("budgets", _BUDGETS))
        ] = _BUDGETS.default,
    ) -> list[Budget]:
        """Return the budgets."""
        check_limit(limit, _BUDGETS)
        found = await info.context.services.budgets.every(limit=limit)
        return [budget_from(info, state) for state in found]
