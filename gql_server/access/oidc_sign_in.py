"""Signing in at an OpenID Connect provider, whose endpoints the server calls for the browser.

The page's content security policy lets it call no other origin, and not every provider lets pages
call its token endpoint.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import structlog

from gql_server.access.oidc import read_configuration
from gql_server.access.provider_calls import call_provider, provider_client
from gql_server.access.sign_in import SignedIn
from gql_server.access.tokens import ProviderUnavailable
from gql_server.domain.errors import Unauthenticated

_FRESH_SECONDS: Final = 3600.0
_SIDE_BY_SIDE: Final = 8
"""Strangers can call the endpoint; the provider gets no more than so many requests at once."""

log = structlog.get_logger(__name__)


class OidcSignIn:
    """Signs browsers in at one provider; see ``SignIn``."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        issuer: str,
        audience: str,
        client_id: str,
        redirect_uri: str,
    ) -> None:
        """Take the client that calls the provider; for the rest see ``open_sign_in``."""
        self._client = client
        self._issuer = issuer
        self._audience = audience
        self._client_id = client_id
        self._redirect_uri = redirect_uri
        self._endpoints: Mapping[str, Any] | None = None
        self._requested_at = 0.0
        self._turns = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def address(self, *, state: str, challenge: str) -> str:
        """Return the provider's page to send a browser to."""
        endpoint = await self._endpoint("authorization_endpoint")
        parameters = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid",
            # Some providers issue tokens for an API only if it is named; others ignore it.
            "audience": self._audience,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        separator = "&" if urlsplit(endpoint).query else "?"
        return f"{endpoint}{separator}{urlencode(parameters)}"

    async def redeem(self, *, code: str, verifier: str) -> SignedIn:
        """Exchange the code that a browser came back with for tokens."""
        return await self._tokens(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": self._redirect_uri,
            }
        )

    async def renew(self, refresh_token: str) -> SignedIn:
        """Exchange a refresh token for new tokens."""
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def _tokens(self, grant: Mapping[str, str]) -> SignedIn:
        endpoint = await self._endpoint("token_endpoint")
        try:
            async with self._turns:
                form = {**grant, "client_id": self._client_id}
                answer = await call_provider(self._client, endpoint, form=form)
            if answer.response.is_client_error:
                log.info("sign_in_refused", status=answer.response.status_code)
                raise Unauthenticated("The provider refused the sign-in. Sign in again.")
            return _signed_in(answer.fields())
        except (httpx.HTTPError, httpx.InvalidURL, LookupError, ValueError, TypeError) as error:
            log.warning("sign_in_unavailable", reason=type(error).__name__)
            raise ProviderUnavailable from None

    async def _endpoint(self, name: str) -> str:
        if self._endpoints is None or monotonic() - self._requested_at >= _FRESH_SECONDS:
            try:
                async with self._turns:
                    self._endpoints = await read_configuration(self._client, self._issuer)
            except (httpx.HTTPError, httpx.InvalidURL, LookupError, ValueError) as error:
                log.warning("sign_in_unavailable", reason=repr(error))
                raise ProviderUnavailable from None
            self._requested_at = monotonic()
        endpoint = self._endpoints.get(name)
        if not isinstance(endpoint, str):
            log.warning("sign_in_unavailable", reason=f"the provider names no {name}")
            raise ProviderUnavailable
        return endpoint


def _signed_in(body: Any) -> SignedIn:
    token, seconds, refresh_token = (
        body["access_token"],
        body.get("expires_in"),
        body.get("refresh_token"),
    )
    if not isinstance(token, str) or not isinstance(refresh_token, str | None):
        raise TypeError("tokens that are not text")
    return SignedIn(token, None if seconds is None else int(seconds), refresh_token)


@asynccontextmanager
async def open_oidc_sign_in(
    *, issuer: str, audience: str, client_id: str, redirect_uri: str
) -> AsyncIterator[OidcSignIn]:
    """Open the sign-in at a provider; see ``open_sign_in``."""
    async with provider_client() as client:
        yield OidcSignIn(
            client,
            issuer=issuer,
            audience=audience,
            client_id=client_id,
            redirect_uri=redirect_uri,
        )
