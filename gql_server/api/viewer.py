"""Who asks, as they are told themselves."""

import strawberry

from gql_server.api.api_keys import ApiKey, Role, find_api_keys
from gql_server.api.budgets import Budget, budget_from
from gql_server.api.context import Info
from gql_server.ledger.budgets import tightest


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
        return budget_from(state) if state is not None else None

    @strawberry.field(
        description="Every budget that their pictures are paid from: the server's, their own and "
        "their API key's."
    )
    async def budgets(self, info: Info) -> list[Budget]:
        """Tell every budget."""
        return [budget_from(state) for state in await info.context.budgets()]


async def find_viewer(info: Info) -> Viewer:
    """Tell who asks."""
    principal = info.context.principal
    keys = await find_api_keys(info, [principal.key_id]) if principal.key_id is not None else {}
    return Viewer(
        user_id=strawberry.ID(principal.user_id),
        role=Role(principal.role),
        key=keys.get(principal.key_id or ""),
    )
