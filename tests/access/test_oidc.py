"""Tokens of an OpenID Connect provider, which is a real HTTP server here."""

import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from gql_server.access.tokens import ProviderUnavailable, Tokens, open_tokens
from gql_server.domain.errors import Unauthenticated
from gql_server.domain.principal import Principal, Role
from gql_server.settings import SettingsError, load_settings
from tests.support.oidc import AUDIENCE, Provider, running_provider
from tests.support.running_app import running_app

pytestmark = pytest.mark.anyio

RSA = RSAKey.generate_key(2048, {"kid": "first"})
SECRET = OctKey.import_key("s" * 64, {"kid": "first"})


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running_provider() as running:
        yield running


@pytest.fixture
async def tokens(provider: Provider) -> AsyncIterator[Tokens]:
    options = {"issuer": provider.issuer, "audience": AUDIENCE, "role_claim": "realm.roles"}
    async with open_tokens(**options) as opened:
        assert opened is not None
        yield opened


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moments = [10_000.0]
    monkeypatch.setattr("gql_server.access.oidc.monotonic", lambda: moments[0])
    return moments


async def test_a_token_stands_for_its_subject_and_the_highest_of_its_roles(
    provider: Provider, tokens: Tokens
) -> None:
    for said, role in (
        ({"realm": {"roles": ["reader", "admin", "offline"]}}, Role.ADMIN),
        ({"realm": {"roles": "reader"}}, Role.READER),
        ({"realm.roles": ["creator"]}, Role.CREATOR),
    ):
        found = await tokens.authenticate(provider.token(sub="bob", **said))
        assert found == Principal("bob", role=role)
    assert provider.requests == ["/.well-known/openid-configuration", "/keys"]


GOOD: dict[str, Any] = {"realm": {"roles": ["reader"]}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"iss": "http://127.0.0.1:1"}, "not valid"),
        ({"iss": None}, "not valid"),
        ({"aud": "another"}, "not valid"),
        ({"aud": ["a", "b"]}, "not valid"),
        ({"aud": None}, "not valid"),
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"exp": None}, "not valid"),
        ({"exp": "tomorrow"}, "not valid"),
        ({"nbf": int(time.time()) + 86_400}, "not valid"),
        ({"sub": None}, "not valid"),
        ({"sub": ""}, "not valid"),
        ({"sub": 3}, "not valid"),
        ({"sub": "a\nb"}, "not a valid user"),
        ({"sub": "a" * 256}, "not a valid user"),
        ({"sub": " ann "}, "not a valid user"),
        ({"realm": None}, "no role"),
        ({"realm": {"roles": "king"}}, "no role"),
        ({"realm": {"roles": [["admin"], {"admin": 1}]}}, "no role"),
        ({"realm": "roles"}, "no role"),
        ({"key": RSA}, "not valid"),
        ({"key": SECRET, "alg": "HS256"}, "not valid"),
        ({"kid": None, "key": RSA}, "not valid"),
    ],
)
async def test_every_other_token_is_refused(
    provider: Provider, tokens: Tokens, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(Unauthenticated, match=message) as refusal:
        await tokens.authenticate(provider.token(**(GOOD | changes)))
    assert refusal.value.__cause__ is None


async def test_what_was_tampered_with_is_refused(provider: Provider, tokens: Tokens) -> None:
    head, payload, signature = provider.token(**GOOD).split(".")
    unsigned = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for token in (
        f"{unsigned}.{payload}.",
        f"{unsigned}.{payload}.{signature}",
        f"{head}.{payload[:-2]}AA.{signature}",
        f"{head}.{payload}.",
        "..",
        "a.b.c",
        "ü.ü.ü",
        f"{head}.{'A' * 100_000}.{signature}",
    ):
        with pytest.raises(Unauthenticated):
            await tokens.authenticate(token)


async def test_new_keys_are_taken_and_old_ones_dropped(
    provider: Provider, tokens: Tokens, clock: list[float]
) -> None:
    old = provider.token(**GOOD)
    await tokens.authenticate(old)
    provider.keys = [ECKey.generate_key("P-256", {"kid": "second"})]
    new = provider.token(alg="ES256", kid="second", **GOOD)
    for _ in range(5):
        with pytest.raises(Unauthenticated):  # strangers cannot have the provider asked each time
            await tokens.authenticate(new)
    assert len(provider.requests) == 2
    clock[0] += 31
    assert (await tokens.authenticate(new)).user_id == "ann"
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(old)


async def test_a_provider_that_is_away_is_needed_only_once(
    provider: Provider, tokens: Tokens, clock: list[float]
) -> None:
    provider.status = 500
    with pytest.raises(ProviderUnavailable):
        await tokens.authenticate(provider.token(**GOOD))
    requests_before = len(provider.requests)
    with pytest.raises(ProviderUnavailable):
        await tokens.authenticate(provider.token(**GOOD))
    assert len(provider.requests) == requests_before
    clock[0] += 1
    provider.status, provider.named_issuer = 200, "http://127.0.0.1:1"
    with pytest.raises(ProviderUnavailable):
        await tokens.authenticate(provider.token(**GOOD))
    clock[0] += 1
    provider.named_issuer = provider.issuer
    await tokens.authenticate(provider.token(**GOOD))
    provider.status = 500
    clock[0] += 7200
    await tokens.authenticate(provider.token(**GOOD))


async def test_tokens_are_taken_beside_keys(provider: Provider, tmp_path: Path) -> None:
    settings = {"auth": "keys", "oidc_issuer": provider.issuer, "oidc_audience": AUDIENCE}
    async with running_app(tmp_path, settings) as app:
        query = {"query": "{ viewer { userId role key { id } } }"}
        for token, status in ((provider.token(), 200), (provider.token(aud="x"), 401), ("x", 401)):
            response = await app.client.post(
                "/graphql", json=query, headers={"Authorization": f"Bearer {token}"}
            )
            assert response.status_code == status
            assert token == "x" or token not in response.text
            if status == 200:
                viewer = response.json()["data"]["viewer"]
                assert viewer == {"userId": "ann", "role": "CREATOR", "key": None}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"oidc_issuer": "https://x.test/"}, "OIDC_AUDIENCE"),
        ({"oidc_issuer": "https://x.test/", "oidc_audience": "a"}, "AUTH"),
        ({"oidc_issuer": "x.test", "oidc_audience": "a", "auth": "keys"}, "OIDC_ISSUER"),
    ],
)
def test_half_a_provider_stops_the_start(settings: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_settings(**settings)
    whole = {"oidc_issuer": "https://x.test/", "oidc_audience": "a", "auth": "keys"}
    assert load_settings(**whole).oidc_issuer == "https://x.test/"
