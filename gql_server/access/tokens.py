"""Tokens of a provider, whose library is imported only where there is a provider."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from gql_server.domain.principal import Principal


class ProviderUnavailable(Exception):
    """The provider's keys are unavailable at the moment; a retry may succeed."""


class Tokens(Protocol):
    """Authenticates callers by the tokens of a provider."""

    async def authenticate(self, token: str) -> Principal:
        """Return the token's subject, with the role that it gives.

        Raises:
            Unauthenticated: It is not from the provider, not for this server, or expired; or it
                gives no role.
            ProviderUnavailable: The provider's keys are unavailable at the moment.
        """


def configuration_url(issuer: str) -> str:
    """Return the URL at which a provider publishes its endpoints."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


@asynccontextmanager
async def open_tokens(
    *, issuer: str | None, audience: str | None, role_claim: str
) -> AsyncIterator[Tokens | None]:
    """Open what knows the tokens of a provider; None where there is no provider."""
    if issuer is None or audience is None:
        yield None
        return
    from gql_server.access.oidc import open_oidc_tokens  # noqa: PLC0415 - see above

    async with open_oidc_tokens(issuer=issuer, audience=audience, role_claim=role_claim) as tokens:
        yield tokens
