"""Who asks, as they are told themselves."""

from datetime import datetime

import strawberry

from gql_server.api.api_keys.types import ApiKey, Role, find_api_keys
from gql_server.api.budgets.types import MAX_BUDGETS_OF_PAYER, Budget, budget_from
from gql_server.api.context import Info
from gql_server.domain import principal as domain
from gql_server.graphql.execution.weights import list_size
from gql_server.ledger.budgets.budgets import tightest


@strawberry.type(
    description="What a user may ask of the server: an allowance that each operation spends its "
    "`extensions.cost` from, over all processes, and that is refilled by and by."
)
class RateLimit:
    """What a user may ask of the server."""

    limit: int = strawberry.field(description="The most that can be spent at once.")
    remaining: int = strawberry.field(
        description="What can be spent now. What other processes of the server spent in the last "
        "quarter of a second may not be counted yet."
    )
    refilled_per_second: int = strawberry.field(description="How much is refilled in a second.")
    cost: int = strawberry.field(description="What this operation spent, 1 at least.")
    resets_at: datetime = strawberry.field(
        description="When all of it can be spent again, unless more is spent until then."
    )


@strawberry.type(description="Who asks, and what they may do.")
class Viewer:
    """Who asks, and what they may do."""

    user_id: strawberry.ID = strawberry.field(description="Who owns what they make.")
    role: Role = strawberry.field(description="What they may do.")
    key: ApiKey | None = strawberry.field(
        description="The API key that they showed; none where the server asks for none."
    )

    @strawberry.field(
        description="The budget that they will feel first: hard before soft, then the one with the "
        "least that is left; none when nothing bounds them."
    )
    async def budget(self, info: Info) -> Budget | None:
        """Tell the tightest budget."""
        state = tightest(await info.context.budgets())
        return budget_from(info, state) if state is not None else None

    @strawberry.field(
        description="Every budget that their pictures are paid from: the server's, their own and "
        "their API key's.",
        metadata=list_size(MAX_BUDGETS_OF_PAYER),
    )
    async def budgets(self, info: Info) -> list[Budget]:
        """Tell every budget."""
        return [budget_from(info, state) for state in await info.context.budgets()]

    @strawberry.field(
        description="Secrets that the caller's webhooks are signed with, `whsec_…`, for those who "
        "receive them: each signs while the operator changes from one to the next. Only webhooks "
        "of this user are signed with them. Empty to readers, and where the server signs none."
    )
    def webhook_secrets(self, info: Info) -> list[str]:
        """Return the caller's secrets."""
        principal = info.context.principal
        if principal.role is domain.Role.READER:
            return []
        return list(info.context.parts.webhooks.secrets_of(principal.user_id))

    @strawberry.field(
        description="What they may ask of the server, over all their connections; none where "
        "nothing bounds that."
    )
    def rate_limit(self, info: Info) -> RateLimit | None:
        """Tell how their allowance stands."""
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
    """Tell who asks."""
    principal = info.context.principal
    keys = await find_api_keys(info, [principal.key_id]) if principal.key_id is not None else {}
    return Viewer(
        user_id=strawberry.ID(principal.user_id),
        role=Role(principal.role),
        key=keys.get(principal.key_id or ""),
    )
