"""Authenticating callers by an API key or by a token of a provider."""

from base64 import b64decode
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from gql_server.access.key_secrets import is_secret_of, prefix_of
from gql_server.access.tokens import Tokens
from gql_server.database.engine.engine import Database
from gql_server.database.queries.api_keys import (
    find_credentials,
    find_valid_keys,
    set_last_used_at,
)
from gql_server.domain.clock import now
from gql_server.domain.errors import Unauthenticated
from gql_server.domain.principal import EVERYONE, Principal, Role
from gql_server.processes.recurring import recurring

_JWT_DOTS: Final = 2
_NO_DIGEST: Final = "0" * 64
"""Compared with if there is no key, so that this takes as long as if there were one."""

REVOKED: Final = "This API key has been revoked."


class Authentication:
    """Authenticates callers by key or token, or treats all of them as one user.

    Keys are read for each request, by their indexed prefix, so that a revoked key is refused
    immediately.
    """

    def __init__(
        self, database: Database, *, is_required: bool, tokens: Tokens | None = None
    ) -> None:
        """Take the keys' database, whether callers must authenticate, and the checks of tokens."""
        self.is_required: Final = is_required
        self._tokens = tokens
        self._database = database
        self._used_at: dict[str, datetime] = {}

    async def authenticate(self, token: str | None) -> Principal:
        """Return the principal of a token, the text after ``Bearer``.

        Raises:
            Unauthenticated: The token is missing or invalid; callers with a whole key learn whether
                it was revoked or has expired.
            DatabaseUnavailable: The database does not answer.
            ProviderUnavailable: The provider does not answer.
        """
        if not self.is_required:
            return EVERYONE
        if not token:
            raise Unauthenticated(
                "Authentication required. Send an API key in the header "
                "`Authorization: Bearer gqls_…`; admins of the server create keys."
            )
        prefix = prefix_of(token)
        if prefix is None and self._tokens is not None and token.count(".") == _JWT_DOTS:
            return await self._tokens.authenticate(token)
        if prefix is None:
            raise Unauthenticated(
                "Invalid API key: keys of this server start with gqls_. Check that "
                "you copied all of it."
            )
        found = await find_credentials(self._database, prefix)
        is_good = is_secret_of(token, found.secret_hash if found is not None else _NO_DIGEST)
        if found is None or not is_good:
            raise Unauthenticated("Invalid API key. Check that you copied all of it.")
        moment = now()
        if found.revoked_at is not None:
            raise Unauthenticated(REVOKED)
        principal = Principal(
            found.user_id,
            key_id=found.id,
            role=Role(found.role),
            expires_at=found.expires_at,
        )
        if (expired := expiry(principal, moment)) is not None:
            raise expired
        self._used_at[found.id] = moment
        return principal

    async def authenticate_connection(self, payload: object) -> Principal:
        """Return the principal of a WebSocket, by the payload of its ``connection_init``.

        The payload has ``authorization`` (or ``Authorization``) as the HTTP header would.

        Raises:
            Unauthenticated: As ``authenticate``.
            DatabaseUnavailable: The database does not answer.
            ProviderUnavailable: The provider does not answer.
        """
        given = payload if isinstance(payload, dict) else {}
        header = given.get("authorization", given.get("Authorization"))
        return await self.authenticate(bearer_token(header if isinstance(header, str) else None))

    async def check(self, principal: Principal) -> None:
        """Check that a principal admitted earlier would still be admitted.

        Raises:
            Unauthenticated: The key was revoked, or the key or token has expired.
            DatabaseUnavailable: The database does not answer.
        """
        if (expired := expiry(principal)) is not None:
            raise expired
        if principal.key_id is not None:
            if await self.revoked([principal.key_id]):
                raise Unauthenticated(REVOKED)
            self._used_at[principal.key_id] = now()

    async def revoked(self, key_ids: Collection[str]) -> Collection[str]:
        """Return which of these keys were revoked.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        if not key_ids:
            return ()
        async with self._database.read() as connection:
            return set(key_ids) - await find_valid_keys(connection, key_ids)

    async def record_use(self) -> None:
        """Write when keys were used since the last write."""
        if not self._used_at:
            return
        used_at, self._used_at = self._used_at, {}
        async with self._database.write() as connection:
            await set_last_used_at(connection, used_at)

    @asynccontextmanager
    async def recording(self, *, seconds: float) -> AsyncIterator[None]:
        """Write the use of keys periodically until the block ends, and at its end."""
        async with recurring("api key use", self.record_use, seconds=seconds):
            yield
        await self.record_use()


def expiry(principal: Principal, moment: datetime | None = None) -> Unauthenticated | None:
    """Return the error if a principal has expired, at the given time or now."""
    if principal.expires_at is None or principal.expires_at > (moment or now()):
        return None
    shown = "API key" if principal.key_id is not None else "token"
    return Unauthenticated(f"This {shown} has expired.")


def bearer_token(header: str | None) -> str | None:
    """Return the token of an ``Authorization`` header; None if it has none (RFC 6750, 2.1)."""
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def basic_password(header: str | None) -> str | None:
    """Return the password of an ``Authorization`` header; None if it has none (RFC 7617, 2)."""
    scheme, _, given = (header or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return b64decode(given, validate=True).decode().partition(":")[2] or None
    except ValueError:
        return None
