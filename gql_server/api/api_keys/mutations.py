"""What is done to API keys: made, revoked."""

from datetime import datetime
from typing import Annotated

import strawberry

from gql_server.access.keys import MAX_KEY_TEXT_LENGTH, KeyDraft, create_key, revoke_key
from gql_server.api.api_keys.types import ApiKey, Role, api_key_from
from gql_server.api.budgets.types import Budget, BudgetEnforcement, BudgetPeriod, budget_from
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.descriptions import BUDGET_ENFORCEMENT, BUDGET_LIMIT, TIME_ZONE
from gql_server.api.enums import domain_member
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.domain import budgets as domain_budgets
from gql_server.domain import principal as domain
from gql_server.ledger.budgets.budgets import BudgetRequest

_ERRORS = "Every error in the request. Empty when the request succeeded."


@described
@strawberry.input
class ApiKeyBudgetInput:
    """The budget of a new API key.

    Change it later with `setBudget` and the key's `keyId`.
    """

    limit: float = strawberry.field(description=BUDGET_LIMIT)
    period: BudgetPeriod = strawberry.field(
        default=BudgetPeriod.MONTHLY,
        description="How often the budget resets. Defaults to `MONTHLY`.",
    )
    enforcement: BudgetEnforcement = strawberry.field(
        default=BudgetEnforcement.HARD,
        description=BUDGET_ENFORCEMENT,
    )
    time_zone: str = strawberry.field(
        default="UTC",
        description=TIME_ZONE,
    )


@described
@strawberry.input
class CreateApiKeyInput:
    """An API key to create."""

    user_id: strawberry.ID = strawberry.field(
        description="ID of the user the key authenticates as, of your choice, such as `ann`: 1 to "
        f"{MAX_KEY_TEXT_LENGTH} printable characters. The user owns everything created with the "
        "key. Objects created without authentication belong to `default_user`."
    )
    role: Role = strawberry.field(description="Role the key grants.")
    name: str | None = strawberry.field(
        default=None,
        description=f"Display name, such as where the key is used: at most {MAX_KEY_TEXT_LENGTH} "
        "characters. None when omitted.",
    )
    expires_at: datetime | None = strawberry.field(
        default=None,
        description="When the key expires, in the future. When omitted, the key is valid until it "
        "is revoked.",
    )
    budget: ApiKeyBudgetInput | None = strawberry.field(
        default=None,
        description="Budget of the key. When omitted, only the budgets of its user and of the "
        "server apply.",
    )


@described
@strawberry.input
class RevokeApiKeyInput:
    """The API key to revoke."""

    id: strawberry.ID = strawberry.field(description="ID of the API key, `key_…`.")


@described
@strawberry.type
class CreateApiKeyPayload:
    """The created API key, or the errors that prevented it."""

    api_key: ApiKey | None = strawberry.field(
        description="The API key. Null when there are errors."
    )
    secret: str | None = strawberry.field(
        description="Secret of the key, sent as `Authorization: Bearer …`. Returned only "
        "once: the server stores a hash of it."
    )
    budget: Budget | None = strawberry.field(
        description="Budget of the new key. Null when none was requested."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@described
@strawberry.type
class RevokeApiKeyPayload:
    """The revoked API key, or the errors that prevented it."""

    api_key: ApiKey | None = strawberry.field(
        description="The API key. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description=_ERRORS,
        metadata=ERROR_LIST,
    )


@strawberry.type
class ApiKeyMutations:
    """What is done to API keys."""

    @strawberry.mutation(
        description="Creates an API key and returns its secret, once. Requires the admin role."
    )
    async def create_api_key(
        self,
        info: Info,
        input: Annotated[
            CreateApiKeyInput, strawberry.argument(description="The API key to create.")
        ],
    ) -> CreateApiKeyPayload:
        """Make an API key."""
        draft = KeyDraft(
            user_id=input.user_id,
            role=domain_member(domain.Role, input.role),
            name=input.name,
            expires_at=input.expires_at,
            budget=_budget_request(input.budget) if input.budget is not None else None,
        )
        services = info.context.services
        try:
            created = await create_key(services.database, draft)
        except REPORTABLE as error:
            return CreateApiKeyPayload(
                api_key=None, secret=None, budget=None, user_errors=user_errors(error)
            )
        ids = [created.budget_id] if created.budget_id is not None else []
        budgets = (
            [budget_from(info, state) for state in await services.budgets.find(ids)] if ids else []
        )
        return CreateApiKeyPayload(
            api_key=api_key_from(created.key),
            secret=created.secret,
            budget=budgets[0] if budgets else None,
            user_errors=[],
        )

    @strawberry.mutation(
        description="Revokes an API key: it is refused from now on, and its open "
        "connections end. Work already accepted with it continues. Requires the"
        " admin role."
    )
    async def revoke_api_key(
        self,
        info: Info,
        input: Annotated[
            RevokeApiKeyInput, strawberry.argument(description="The API key to revoke.")
        ],
    ) -> RevokeApiKeyPayload:
        """End an API key."""
        try:
            key = await revoke_key(info.context.services.database, input.id)
        except REPORTABLE as error:
            return RevokeApiKeyPayload(api_key=None, user_errors=user_errors(error))
        return RevokeApiKeyPayload(api_key=api_key_from(key), user_errors=[])


def _budget_request(given: ApiKeyBudgetInput) -> BudgetRequest:
    return BudgetRequest(
        limit=given.limit,
        period=domain_member(domain_budgets.BudgetPeriod, given.period),
        zone_name=given.time_zone,
        is_hard=given.enforcement is BudgetEnforcement.HARD,
    )
