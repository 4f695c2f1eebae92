"""What is done to API keys: made, revoked."""

from datetime import datetime
from typing import Annotated

import strawberry

from gql_server.access.keys import KeyDraft, create_key, revoke_key
from gql_server.api.api_keys.types import ApiKey, Role, api_key_from
from gql_server.api.budgets.types import Budget, BudgetEnforcement, BudgetPeriod, budget_from
from gql_server.api.context import Info
from gql_server.api.enums import domain_member
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.domain import budgets as domain_budgets
from gql_server.domain import principal as domain
from gql_server.ledger.budgets.budgets import BudgetRequest

_ERRORS = "Everything that is wrong with the request, at once."


@strawberry.input(
    description="What may be spent with a new API key; setBudget with its `keyId` changes it."
)
class ApiKeyBudgetInput:
    """What may be spent with a new API key."""

    limit: float = strawberry.field(description="What may be spent in a period, in US dollars.")
    period: BudgetPeriod = strawberry.field(
        default=BudgetPeriod.MONTHLY, description="How often it starts anew."
    )
    enforcement: BudgetEnforcement = strawberry.field(
        default=BudgetEnforcement.HARD,
        description="Whether it refuses what would pass the limit, or warns.",
    )
    time_zone: str = strawberry.field(
        default="UTC", description="Whose midnights count: an IANA name such as `Europe/Berlin`."
    )


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
    budget: ApiKeyBudgetInput | None = strawberry.field(
        default=None,
        description="What may be spent with it; left out, only what bounds its user and the server "
        "bounds it.",
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
    budget: Budget | None = strawberry.field(
        description="The budget that was set with it; none where none was asked for."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@strawberry.type(description="The key as it is now, or what kept it from being revoked.")
class RevokeApiKeyPayload:
    """The key as it is now."""

    api_key: ApiKey | None = strawberry.field(description="The key; none when there are errors.")
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


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
            budget=_budget_request(input.budget) if input.budget is not None else None,
        )
        parts = info.context.parts
        try:
            created = await create_key(parts.database, draft)
        except REPORTABLE as error:
            return CreateApiKeyPayload(
                api_key=None, secret=None, budget=None, user_errors=user_errors(error)
            )
        ids = [created.budget_id] if created.budget_id is not None else []
        budgets = (
            [budget_from(info, state) for state in await parts.budgets.find(ids)] if ids else []
        )
        return CreateApiKeyPayload(
            api_key=api_key_from(created.facts),
            secret=created.secret,
            budget=budgets[0] if budgets else None,
            user_errors=[],
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


def _budget_request(given: ApiKeyBudgetInput) -> BudgetRequest:
    return BudgetRequest(
        limit=given.limit,
        period=domain_member(domain_budgets.BudgetPeriod, given.period),
        zone_name=given.time_zone,
        is_hard=given.enforcement is BudgetEnforcement.HARD,
    )
