"""The authenticated caller."""

from datetime import datetime

import strawberry

from gql_server.api.api_keys.types import ApiKey, Role, find_api_keys
from gql_server.api.budgets.types import MAX_BUDGETS_OF_PAYER, Budget, budget_from
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.domain import principal as domain
from gql_server.graphql.execution.weights import list_size
from gql_server.graphql.plans.fields import PLAN, ByResolver
from gql_server.ledger.budgets.budgets import tightest


@described
@strawberry.type
class RateLimit:
    """A user's rate limit over all server processes.

    It is an allowance that refills continuously; each operation's `extensions.cost` is deducted
    from it.
    """

    limit: int = strawberry.field(description="Maximum allowance, in units of operation cost.")
    remaining: int = strawberry.field(
        description="Allowance left, in units of operation cost. Spending in other server "
        "processes in the last quarter of a second may not be counted yet."
    )
    refilled_per_second: int = strawberry.field(
        description="Allowance refilled per second, in units of operation cost."
    )
    cost: int = strawberry.field(description="Cost of this operation, at least 1.")
    resets_at: datetime = strawberry.field(
        description="When the allowance is full again if nothing more is spent."
    )


@described
@strawberry.type
class Viewer:
    """The authenticated caller and their permissions."""

    user_id: strawberry.ID = strawberry.field(
        description="ID of the user. Everything the caller creates belongs to this user."
    )
    role: Role = strawberry.field(description="The caller's role.")
    key: ApiKey | None = strawberry.field(
        description="API key of the request. Null when the server requires none, and when the "
        "caller is authenticated by an OpenID Connect token."
    )

    @strawberry.field(
        description="The caller's budget that will run out first: hard before soft, then "
        "the one with the least remaining. Null when no budget applies."
    )
    async def budget(self, info: Info) -> Budget | None:
        """Return the tightest budget."""
        state = tightest(await info.context.budgets())
        return budget_from(info, state) if state is not None else None

    @strawberry.field(
        description="Every budget that applies to the caller: the server's, the user's and "
        "the API key's.",
        metadata=list_size(MAX_BUDGETS_OF_PAYER),
    )
    async def budgets(self, info: Info) -> list[Budget]:
        """Return every budget."""
        return [budget_from(info, state) for state in await info.context.budgets()]

    @strawberry.field(
        description="Secrets that sign the caller's webhooks, `whsec_…`, for verifying "
        "them. More than one while the operator rotates the secret. They sign "
        "only this user's webhooks. Empty for readers, and when the server "
        "sends no webhooks."
    )
    def webhook_secrets(self, info: Info) -> list[str]:
        """Return the caller's secrets."""
        principal = info.context.principal
        if principal.role is domain.Role.READER:
            return []
        return list(info.context.services.webhooks.secrets_of(principal.user_id))

    @strawberry.field(
        description="The caller's rate limit, over all their connections. Null when there is none."
    )
    def rate_limit(self, info: Info) -> RateLimit | None:
        """Return the state of the allowance."""
        state = info.context.allowance
        if state is None:
            return None
        return RateLimit(
            limit=state.limit,
            remaining=state.remaining,
            refilled_per_second=state.per_second,
            cost=state.cost,
            resets_at=state.resets_at,
        )


async def find_viewer(info: Info) -> Viewer:
    """Return the caller."""
    principal = info.context.principal
    keys = await find_api_keys(info, [principal.key_id]) if principal.key_id is not None else {}
    return Viewer(
        user_id=strawberry.ID(principal.user_id),
        role=Role(principal.role),
        key=keys.get(principal.key_id or ""),
    )


@strawberry.type
class ViewerQueries:
    """The query field for the caller."""

    @strawberry.field(
        description="The authenticated caller and their permissions.", metadata={PLAN: ByResolver()}
    )
    async def viewer(self, info: Info) -> Viewer:
        """Return the caller."""
        return await find_viewer(info)
