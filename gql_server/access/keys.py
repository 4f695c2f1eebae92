"""API keys, as admins manage them: created, listed, revoked."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gql_server.access.key_secrets import new_secret
from gql_server.database.engine.engine import Database
from gql_server.database.engine.notifications import notify
from gql_server.database.engine.pages import Page, PageRequest
from gql_server.database.engine.records import record_of
from gql_server.database.queries.api_keys import (
    api_key_page,
    count_api_keys,
    find_api_keys,
    insert_api_key,
    set_revoked_at,
)
from gql_server.database.queries.budgets import write_budget
from gql_server.database.records.api_keys import ApiKeyRecord
from gql_server.database.tables.access import ApiKeyRow
from gql_server.domain.budgets import BudgetScope
from gql_server.domain.clock import now
from gql_server.domain.errors import ApiKeyNotFound, DomainError, ErrorCode, InvalidInput, Rejected
from gql_server.domain.ids import new_id
from gql_server.domain.principal import Principal, Role, is_plain_user_id
from gql_server.domain.text import text_errors
from gql_server.ledger.budgets.budgets import BudgetRequest, new_budget, validate_budget

MAX_KEY_TEXT_LENGTH: Final = 100
"""Of a user's ID, and of a key's name."""

REVOKED_KEYS: Final = "revoked_keys"
"""The topic that notifies every process that a key was revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDraft:
    """The values of a new key.

    Attributes:
        user_id: The user the key authenticates as.
        role: The role the key grants.
        name: Display name, such as where the key is used.
        expires_at: When the key expires; None if it does not.
        budget: The key's budget; its scope and subject are ignored.
    """

    user_id: str
    role: Role
    name: str | None = None
    expires_at: datetime | None = None
    budget: BudgetRequest | None = None


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key with its secret, which is not stored.

    Attributes:
        key: The key.
        secret: The secret, which callers send to authenticate.
        budget_id: ID of the key's budget; None if it has none.
    """

    key: ApiKeyRecord
    secret: str
    budget_id: str | None = None


async def create_key(database: Database, draft: KeyDraft) -> CreatedKey:
    """Create a key together with its budget, in one transaction.

    Raises:
        Rejected: The values are invalid; contains every error.
    """
    moment = now()
    errors = list(_errors(draft, moment))
    if errors:
        raise Rejected(errors)
    secret = new_secret()
    row = ApiKeyRow(
        id=new_id("key"),
        prefix=secret.prefix,
        secret_hash=secret.digest,
        user_id=draft.user_id,
        role=draft.role.value,
        name=draft.name,
        created_at=moment,
        expires_at=draft.expires_at,
    )
    budget = None
    if draft.budget is not None:
        budget = new_budget(replace(draft.budget, scope=BudgetScope.KEY, subject_id=row.id))
    async with database.write() as connection:
        await insert_api_key(connection, row)
        if budget is not None:
            await write_budget(connection, budget)
    return CreatedKey(record_of(row, ApiKeyRecord), secret.text, budget.id if budget else None)


async def revoke_key(database: Database, key_id: str) -> ApiKeyRecord:
    """Revoke a key, immediately and in every process; a revoked one is left as it is.

    Raises:
        ApiKeyNotFound: There is no such key.
    """
    async with database.write() as connection:
        found = await find_api_keys(connection, [key_id], user_id=None, for_update=True)
        key = found.get(key_id)
        if key is None:
            raise ApiKeyNotFound(key_id)
        if key.revoked_at is not None:
            return key
        moment = now()
        await set_revoked_at(connection, key_id, moment)
        await notify(connection, REVOKED_KEYS)
    return key._replace(revoked_at=moment)


async def list_keys(
    database: Database, principal: Principal, request: PageRequest, *, user_id: str | None = None
) -> Page[ApiKeyRecord]:
    """Return one page of the keys that the caller sees, or of one user's."""
    async with database.read() as connection:
        return await api_key_page(connection, request, user_id=principal.owner_filter(user_id))


async def key_count(database: Database, principal: Principal, *, user_id: str | None = None) -> int:
    """Count the keys of such a list."""
    async with database.read() as connection:
        return await count_api_keys(connection, user_id=principal.owner_filter(user_id))


async def get_keys(
    database: Database, principal: Principal, ids: Collection[str]
) -> Mapping[str, ApiKeyRecord]:
    """Return the keys with these IDs that the caller sees."""
    async with database.read() as connection:
        return await find_api_keys(connection, ids, user_id=principal.owner_filter())


def _errors(draft: KeyDraft, moment: datetime) -> Iterator[DomainError]:
    yield from text_errors(
        draft.user_id, path=("user_id",), label="User", minimum=1, maximum=MAX_KEY_TEXT_LENGTH
    )
    if not is_plain_user_id(draft.user_id):
        yield InvalidInput(
            "The user must be printable text without leading or trailing spaces.", path=("user_id",)
        )
    if draft.name is not None:
        yield from text_errors(
            draft.name, path=("name",), label="Name", maximum=MAX_KEY_TEXT_LENGTH
        )
        if not draft.name.isprintable():
            yield InvalidInput("The name must be printable text on one line.", path=("name",))
    if draft.expires_at is not None and draft.expires_at <= moment:
        yield InvalidInput(
            "The expiry must be in the future.",
            path=("expires_at",),
            code=ErrorCode.OUT_OF_RANGE,
        )
    if draft.budget is not None:
        bounded = replace(draft.budget, scope=BudgetScope.SERVER)
        for error in validate_budget(bounded):
            error.path = ("budget", *error.path)
            yield error
