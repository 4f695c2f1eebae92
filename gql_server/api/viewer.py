"""Who asks, as they are told themselves."""

import strawberry

from gql_server.api.api_keys import ApiKey, Role, find_api_keys
from gql_server.api.context import Info


@strawberry.type(description="Who asks, and what they may do.")
class Viewer:
    """Who asks, and what they may do."""

    user_id: strawberry.ID = strawberry.field(description="Who owns what they make.")
    role: Role = strawberry.field(description="What they may do.")
    key: ApiKey | None = strawberry.field(
        description="The API key that they showed; none where the server asks for none."
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
