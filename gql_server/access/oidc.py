"""Tokens of an OpenID Connect provider: JSON Web Tokens that it signs and this server checks."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from gql_server.access.provider_calls import call_provider, provider_client
from gql_server.access.tokens import ProviderUnavailable, configuration_url
from gql_server.domain.errors import Unauthenticated
from gql_server.domain.principal import Principal, Role, is_plain_user_id

_ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519"),
)
"""Signatures by a key that only the provider has; never a shared secret, never none."""

_KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})

_LEEWAY_SECONDS: Final = 30
"""Clocks differ."""

_FRESH_SECONDS: Final = 3600.0
_FIRST_RETRY_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 30.0
"""Callers can send unknown key IDs; these must not cause a request to the provider each time."""

_MAX_USER_LENGTH: Final = 255

log = structlog.get_logger(__name__)


class OidcTokens:
    """Authenticates callers by the tokens of one provider, whose keys it fetches and caches."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        issuer: str,
        audience: str,
        role_claim: str,
    ) -> None:
        """Take what tokens must contain.

        Args:
            client: Fetches the provider's keys.
            issuer: The provider, exactly as tokens name it in ``iss``.
            audience: What tokens for this server have in ``aud``.
            role_claim: The claim with a role or a list of roles, of which the highest counts; a
                name, or a path such as ``realm_access.roles``.
        """
        self._keys = _ProviderKeys(client, issuer)
        self._role_claim = role_claim
        self._claims = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def authenticate(self, token: str) -> Principal:
        """Return the token's subject as a principal, with the role that the token grants.

        Raises:
            Unauthenticated: The token is not the provider's, not for this server, expired, or
                grants no role.
            ProviderUnavailable: The provider's keys are unavailable.
        """
        try:
            claims = await self._verified(token)
            self._claims.validate(claims)
        except ExpiredTokenError:
            raise Unauthenticated("This token has expired.") from None
        except (JoseError, ValueError) as error:
            log.info("token_refused", reason=getattr(error, "error", type(error).__name__))
            raise Unauthenticated("This token is not valid for this server.") from None
        user_id: str = claims["sub"]
        if not is_plain_user_id(user_id) or len(user_id) > _MAX_USER_LENGTH:
            raise Unauthenticated("The token's `sub` is not a valid user ID.")
        roles = list(_roles(_claim(claims, self._role_claim)))
        if not roles:
            raise Unauthenticated(
                f"This token has no role. Its claim {self._role_claim} must be one of "
                f"{', '.join(Role)}."
            )
        best = next(role for role in reversed(Role) if role in roles)
        return Principal(user_id, role=best, expires_at=_moment(claims["exp"] + _LEEWAY_SECONDS))

    async def _verified(self, token: str) -> dict[str, Any]:
        keys = await self._keys.get()
        try:
            return jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
        except InvalidKeyIdError:
            renewed = await self._keys.renewed()
            if renewed is keys:
                raise
            return jwt.decode(token, renewed, algorithms=_ALGORITHMS).claims


@asynccontextmanager
async def open_oidc_tokens(
    *, issuer: str, audience: str, role_claim: str
) -> AsyncIterator[OidcTokens]:
    """Open the tokens of a provider."""
    async with provider_client() as client:
        yield OidcTokens(client, issuer=issuer, audience=audience, role_claim=role_claim)


class _ProviderKeys:
    """The provider's public keys, as last fetched."""

    def __init__(self, client: httpx.AsyncClient, issuer: str) -> None:
        self._client = client
        self._issuer = issuer
        self._keys: KeySet | None = None
        self._requested_at = -_FRESH_SECONDS
        self._turn = asyncio.Lock()

    async def get(self) -> KeySet:
        """Return the keys, which are fetched again once an hour."""
        if self._keys is None or monotonic() - self._requested_at >= _FRESH_SECONDS:
            return await self.renewed()
        return self._keys

    async def renewed(self) -> KeySet:
        """Fetch the keys again, unless they were fetched a moment ago.

        If the provider does not answer, the last keys remain in use.
        """
        async with self._turn:
            wait = _RETRY_SECONDS if self._keys is not None else _FIRST_RETRY_SECONDS
            if monotonic() - self._requested_at >= wait:
                self._requested_at = monotonic()
                try:
                    self._keys = await self._fetch()
                except (
                    httpx.HTTPError,
                    httpx.InvalidURL,
                    JoseError,
                    LookupError,
                    TypeError,
                    ValueError,
                ) as error:
                    log.warning("provider_keys_unavailable", reason=repr(error))
            if self._keys is None:
                raise ProviderUnavailable
            return self._keys

    async def _fetch(self) -> KeySet:
        configuration = await read_configuration(self._client, self._issuer)
        answer = await call_provider(self._client, configuration["jwks_uri"])
        return KeySet.import_key_set(answer.fields())


async def read_configuration(client: httpx.AsyncClient, issuer: str) -> dict[str, Any]:
    """Return what a provider publishes about itself, such as its endpoints.

    Raises:
        httpx.HTTPError: The provider does not answer.
        httpx.InvalidURL: The issuer is no address.
        LookupError: The answer names no issuer.
        ValueError: The answer is not a JSON object, is too long, or is that of another issuer.
    """
    address = configuration_url(issuer)
    configuration: dict[str, Any] = (await call_provider(client, address)).fields()
    if configuration["issuer"] != issuer:
        message = f"{address} has another issuer"
        raise ValueError(message)
    return configuration


def verifying_keys(published: Any) -> int:
    """Return how many of a provider's published keys can verify tokens; 0 if none is valid."""
    try:
        keys = KeySet.import_key_set(published).keys
    except (JoseError, LookupError, TypeError, ValueError):
        return 0
    return sum(key.key_type in _KEY_TYPES and key.get("use", "sig") == "sig" for key in keys)


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # beyond the range of dates
        return None


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _roles(value: Any) -> Iterator[Role]:
    given = value if isinstance(value, list) else [value]
    return (role for role in Role if role.value in given)
