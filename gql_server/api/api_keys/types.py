"""API keys: their shape and their list."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import strawberry

from gql_server.access import keys as use_cases
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.nodes import Node
from gql_server.database.records.api_keys import ApiKeyRecord
from gql_server.domain import principal as domain


@described
@strawberry.enum
class Role(Enum):
    """Permissions of a caller.

    Each role includes those before it.
    """

    READER = strawberry.enum_value(domain.Role.READER, description="Reads the user's own data.")
    CREATOR = strawberry.enum_value(
        domain.Role.CREATOR, description="Also creates images and templates, which spends money."
    )
    ADMIN = strawberry.enum_value(
        domain.Role.ADMIN,
        description="Also reads and changes all users' data, and manages the server.",
    )


@described
@strawberry.type
class ApiKey(Node):
    """An API key.

    Only a hash of its secret is stored.
    """

    id: strawberry.ID = strawberry.field(description="Globally unique ID of the API key, `key_…`.")
    name: str | None = strawberry.field(
        description="Display name, such as where the key is used. Null when it has none."
    )
    prefix: str = strawberry.field(
        description="First characters of the secret, such as `gqls_4k2m9x7c1q8z`, to recognize the "
        "key by."
    )
    user_id: strawberry.ID = strawberry.field(
        description="ID of the user the key authenticates as."
    )
    role: Role = strawberry.field(description="Role the key grants.")
    created_at: datetime = strawberry.field(description="When the key was created.")
    expires_at: datetime | None = strawberry.field(
        description="When the key expires. Null if it does not expire."
    )
    revoked_at: datetime | None = strawberry.field(
        description="When the key was revoked. Null unless it was."
    )
    last_used_at: datetime | None = strawberry.field(
        description="When the key was last used, accurate to about two minutes. Null if it "
        "was never used."
    )


def api_key_from(key: ApiKeyRecord) -> ApiKey:
    """Shape a row for clients."""
    return ApiKey(
        id=strawberry.ID(key.id),
        name=key.name,
        prefix=key.prefix,
        user_id=strawberry.ID(key.user_id),
        role=Role(domain.Role(key.role)),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )


async def find_api_keys(info: Info, ids: Sequence[str]) -> dict[str, ApiKey]:
    """Return the keys of these ids that the caller sees."""
    context = info.context
    found = await use_cases.get_keys(context.services.database, context.principal, ids)
    return {key_id: api_key_from(key) for key_id, key in found.items()}
