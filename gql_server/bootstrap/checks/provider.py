"""Checks of the OpenID Connect provider: what it publishes, its keys, and its clock."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from gql_server.access.provider_calls import ProviderAnswer, call_provider, provider_client
from gql_server.access.tokens import configuration_url
from gql_server.bootstrap.checks.finding import Finding, failure, ok, warning
from gql_server.domain.clock import now
from gql_server.settings import Settings

_PART: Final = "provider"
_MAX_CLOCK_SECONDS: Final = 15.0
"""Half of the leeway that tokens have; the ``Date`` header has whole seconds."""

_SIGN_IN_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint")


class _NotRead(Exception):
    """An address of the provider did not answer with a JSON object; the message says why."""


async def check_provider(settings: Settings) -> AsyncIterator[Finding]:
    """Check that tokens of the provider can be verified, as the server does it."""
    issuer = settings.oidc_issuer
    if issuer is None:
        yield ok(_PART, "No OpenID Connect provider is set: callers authenticate by API keys.")
        return
    address = configuration_url(issuer)
    async with provider_client() as client:
        try:
            answer, configuration = await _read(client, address)
        except _NotRead as error:
            fix = "Check OIDC_ISSUER, and whether this machine reaches that address."
            yield failure(_PART, f"{address}: {error}", fix)
            return
        yield _clock(answer)
        named = configuration.get("issuer")
        if named != issuer:
            yield failure(
                _PART,
                f"{address} is of the issuer {named!r}, not of OIDC_ISSUER.",
                f"Set OIDC_ISSUER={named}, exactly so, if that is your provider.",
            )
            return
        yield await _keys(client, configuration)
        if settings.oidc_client_id is not None:
            yield _sign_in(configuration)


async def _read(
    client: httpx.AsyncClient, address: str
) -> tuple[ProviderAnswer, Mapping[str, Any]]:
    try:
        answer = await call_provider(client, address)
        return answer, answer.fields()
    except httpx.HTTPStatusError as error:
        raise _NotRead(f"The provider answered {error.response.status_code}.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _NotRead(f"No answer: {str(error) or type(error).__name__}.") from error
    except ValueError as error:
        raise _NotRead("The answer is not a JSON object of at most 1 MiB.") from error


def _clock(answer: ProviderAnswer) -> Finding:
    moment = _date(answer)
    if moment is None:
        return ok("provider clock", "The provider's answer has no time to compare with.")
    seconds = abs((now() - moment).total_seconds())
    message = f"The clock of this machine differs from the provider's by {seconds:.0f} seconds."
    if seconds > _MAX_CLOCK_SECONDS:
        fix = "Synchronize this machine's clock by NTP: otherwise valid tokens are refused."
        return warning("provider clock", message, fix)
    return ok("provider clock", message)


def _date(answer: ProviderAnswer) -> datetime | None:
    try:
        moment = parsedate_to_datetime(answer.response.headers["date"])
    except (LookupError, ValueError):
        return None
    return moment if moment.tzinfo is not None else None


async def _keys(client: httpx.AsyncClient, configuration: Mapping[str, Any]) -> Finding:
    # Its library takes long to import, and most servers have no provider.
    from gql_server.access.oidc import verifying_keys  # noqa: PLC0415 - see above

    address = configuration.get("jwks_uri")
    if not isinstance(address, str):
        fix = "Check OIDC_ISSUER: this is not a provider whose tokens can be verified."
        return failure(_PART, "The provider publishes no address of its keys (jwks_uri).", fix)
    try:
        _, found = await _read(client, address)
    except _NotRead as error:
        fix = "Check whether this machine reaches that address, and what the provider says."
        return failure(_PART, f"{address}: {error}", fix)
    number = verifying_keys(found)
    if not number:
        return failure(
            _PART,
            f"{address} has no key for a signature that the server verifies.",
            "Let the provider sign tokens with RS256, ES256 or Ed25519, for example; secrets that "
            "it shares (HS256) are not accepted.",
        )
    plural = "s" if number > 1 else ""
    return ok(_PART, f"The provider answers; {number} key{plural} can verify its tokens.")


def _sign_in(configuration: Mapping[str, Any]) -> Finding:
    missing = [name for name in _SIGN_IN_ENDPOINTS if not configuration.get(name)]
    if missing:
        return failure(
            "sign-in",
            f"The provider publishes no {' and no '.join(missing)}, which the studio needs.",
            "Remove OIDC_CLIENT_ID, or use a provider that supports the authorization code flow.",
        )
    return ok("sign-in", "The provider has what the studio needs to sign in.")
