"""Signing in with a browser at a provider; its library is imported only if there is one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Tokens that a provider issued to a browser.

    Attributes:
        token: What the browser sends as ``Authorization: Bearer``.
        seconds: Lifetime of the token. None if the provider does not say.
        refresh_token: Renews the token. None if the provider issued none.
    """

    token: str = field(repr=False)
    seconds: int | None
    refresh_token: str | None = field(repr=False)


class SignIn(Protocol):
    """Signs browsers in by the authorization code flow with PKCE, as a public client."""

    async def address(self, *, state: str, challenge: str) -> str:
        """Return the provider's page to send a browser to.

        Args:
            state: Returned by the provider to the browser, which compares it.
            challenge: SHA-256 of the browser's verifier, in base64url.

        Raises:
            ProviderUnavailable: The provider does not answer.
        """

    async def redeem(self, *, code: str, verifier: str) -> SignedIn:
        """Exchange the code that a browser came back with for tokens.

        Raises:
            Unauthenticated: The provider refused the code or the verifier.
            ProviderUnavailable: The provider does not answer.
        """

    async def renew(self, refresh_token: str) -> SignedIn:
        """Exchange a refresh token for new tokens.

        Raises:
            Unauthenticated: The provider refused the refresh token.
            ProviderUnavailable: The provider does not answer.
        """


@asynccontextmanager
async def open_sign_in(
    *, issuer: str | None, audience: str | None, client_id: str | None, redirect_uri: str
) -> AsyncIterator[SignIn | None]:
    """Open the sign-in at a provider; None if there is no provider or no client ID.

    Args:
        issuer: The provider.
        audience: What tokens for this server have in ``aud``.
        client_id: The ID of the studio at the provider: a public client, without a secret.
        redirect_uri: Where the provider sends browsers back to.
    """
    if issuer is None or audience is None or client_id is None:
        yield None
        return
    from gql_server.access.oidc_sign_in import open_oidc_sign_in  # noqa: PLC0415 - see above

    async with open_oidc_sign_in(
        issuer=issuer, audience=audience, client_id=client_id, redirect_uri=redirect_uri
    ) as sign_in:
        yield sign_in
