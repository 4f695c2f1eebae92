"""From what a request shows to whoever asks: an API key, or a provider's token."""

from base64 import b64decode
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from gql_server.access.key_secrets import is_secret_of, prefix_of
from gql_server.access.oidc import OidcTokens
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
"""Compared with where there is no key, so that this takes as long as where there is one."""

REVOKED: Final = "This API key has been revoked."


class Authentication:
    """Knows who asks, by their key or token; or asks nobody, and takes everyone for one user.

    Keys are read at each request, by their indexed prefix, so that a revoked one is good
    nowhere from that moment on.
    """

    def __init__(self, database: Database, *, asks: bool, tokens: OidcTokens | None = None) -> None:
        """Take the database of the keys, whether anybody is asked, and who knows other tokens."""
        self.asks: Final = asks
        self._tokens = tokens
        self._database = database
        self._used_at: dict[str, datetime] = {}

    async def authenticate(self, token: str | None) -> Principal:
        """Return whoever shows this token, the text behind ``Bearer``.

        Raises:
            Unauthenticated: There is no token, or none that is good; the message tells a caller
                that has a whole key what became of it.
            DatabaseUnavailable: The database does not answer.
            ProviderUnavailable: The provider does not answer.
        """
        if not self.asks:
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
        """Return whoever opens a WebSocket, by the payload of its ``connection_init``.

        It has ``authorization`` (or ``Authorization``) as the HTTP header would.

        Raises:
            Unauthenticated: As ``authenticate``.
            DatabaseUnavailable: The database does not answer.
            ProviderUnavailable: The provider does not answer.
        """
        given = payload if isinstance(payload, dict) else {}
        header = given.get("authorization", given.get("Authorization"))
        return await self.authenticate(bearer_token(header if isinstance(header, str) else None))

    async def check(self, principal: Principal) -> None:
        """Make sure that whoever was let in before would be let in now.

        Raises:
            Unauthenticated: Their key was revoked, or it or their token has expired.
            DatabaseUnavailable: The database does not answer.
        """
        if (expired := expiry(principal)) is not None:
            raise expired
        if principal.key_id is not None:
            if await self.revoked([principal.key_id]):
                raise Unauthenticated(REVOKED)
            self._used_at[principal.key_id] = now()

    async def revoked(self, key_ids: Collection[str]) -> Collection[str]:
        """Return those of these keys that were revoked.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        if not key_ids:
            return ()
        async with self._database.read() as connection:
            return set(key_ids) - await find_valid_keys(connection, key_ids)

    async def record_use(self) -> None:
        """Write down when keys were used since it was written last."""
        if not self._used_at:
            return
        used_at, self._used_at = self._used_at, {}
        async with self._database.write() as connection:
            await set_last_used_at(connection, used_at)

    @asynccontextmanager
    async def recording(self, *, seconds: float) -> AsyncIterator[None]:
        """Write down the use of keys every so often until the block ends, and at its end."""
        async with recurring("api key use", self.record_use, seconds=seconds):
            yield
        await self.record_use()


def expiry(principal: Principal, moment: datetime | None = None) -> Unauthenticated | None:
    """Return why a principal would not be let in at a moment, or now, because of the time alone."""
    if principal.expires_at is None or principal.expires_at > (moment or now()):
        return None
    shown = "API key" if principal.key_id is not None else "token"
    return Unauthenticated(f"This {shown} has expired.")


def bearer_token(header: str | None) -> str | None:
    """Return the token of an ``Authorization`` header; None when it has none (RFC 6750, 2.1)."""
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def basic_password(header: str | None) -> str | None:
    """Return the password of an ``Authorization`` header; None when it has none (RFC 7617, 2)."""
    scheme, _, given = (header or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return b64decode(given, validate=True).decode().partition(":")[2] or None
    except ValueError:
        return None
