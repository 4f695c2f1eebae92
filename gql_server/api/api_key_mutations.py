"""What is done to API keys: made, revoked."""

from datetime import datetime
from typing import Annotated

import strawberry

from gql_server.access.keys import KeyDraft, create_key, revoke_key
from gql_server.api.api_keys import ApiKey, Role, api_key_from
from gql_server.api.context import Info
from gql_server.api.enums import domain_member
from gql_server.api.errors import REPORTABLE, UserError, user_errors
from gql_server.domain import principal as domain

_ERRORS = "Everything that is wrong with the request, at once."


@strawberry.input(description="An API key to make.")
class CreateApiKeyInput:
    """An API key to make."""

    user_id: strawberry.ID = strawberry.field(
        description="Who is known by it, and owns what they make: 1 to 100 characters of your "
        "choice. What was made while nobody was asked belongs to `default_user`."
    )
    role: Role = strawberry.field(description="What they may do with it.")
    name: str | None = strawberry.field(
        default=None, description="For people: where it is used; at most 100 characters."
    )
    expires_at: datetime | None = strawberry.field(
        default=None,
        description="From when on it is good no longer; left out, it is good until it is revoked.",
    )


@strawberry.input(description="The API key to revoke.")
class RevokeApiKeyInput:
    """The API key to revoke."""

    id: strawberry.ID = strawberry.field(description="The key.")


@strawberry.type(description="The key that was made, with its secret, or what kept it from that.")
class CreateApiKeyPayload:
    """The key that was made, with its secret."""

    api_key: ApiKey | None = strawberry.field(description="The key; none when there are errors.")
    secret: str | None = strawberry.field(
        description="What is sent as `Authorization: Bearer …`. It is shown this once; the server "
        "keeps but a hash of it."
    )
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(description="The key as it is now, or what kept it from being revoked.")
class RevokeApiKeyPayload:
    """The key as it is now."""

    api_key: ApiKey | None = strawberry.field(description="The key; none when there are errors.")
    user_errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type
class ApiKeyMutations:
    """What is done to API keys."""

    @strawberry.mutation(description="Make an API key, and show its secret once; for admins.")
    async def create_api_key(
        self,
        info: Info,
        input: Annotated[CreateApiKeyInput, strawberry.argument(description="The key to make.")],
    ) -> CreateApiKeyPayload:
        """Make an API key."""
        draft = KeyDraft(
            user_id=input.user_id,
            role=domain_member(domain.Role, input.role),
            name=input.name,
            expires_at=input.expires_at,
        )
        try:
            created = await create_key(info.context.parts.database, draft)
        except REPORTABLE as error:
            return CreateApiKeyPayload(api_key=None, secret=None, user_errors=user_errors(error))
        return CreateApiKeyPayload(
            api_key=api_key_from(created.facts), secret=created.secret, user_errors=[]
        )

    @strawberry.mutation(
        description="End an API key at once, wherever it is used; for admins. What was accepted "
        "with it goes on."
    )
    async def revoke_api_key(
        self,
        info: Info,
        input: Annotated[RevokeApiKeyInput, strawberry.argument(description="The key to revoke.")],
    ) -> RevokeApiKeyPayload:
        """End an API key."""
        try:
            facts = await revoke_key(info.context.parts.database, input.id)
        except REPORTABLE as error:
            return RevokeApiKeyPayload(api_key=None, user_errors=user_errors(error))
        return RevokeApiKeyPayload(api_key=api_key_from(facts), user_errors=[])
