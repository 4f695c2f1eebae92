"""Signing in to the studio at a provider, which is a real HTTP server here."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from gql_server.access import provider_calls
from gql_server.settings import SettingsError, load_settings
from tests.support.oidc import AUDIENCE, Provider, running_provider
from tests.support.running_app import RunningApp, running_app
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

VERIFIER = "a" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
START = f"/studio/sign-in?state=s1&challenge={CHALLENGE}"


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[tuple[RunningApp, Provider]]:
    async with running_provider() as provider:
        settings = {
            "auth": "keys",
            "oidc_issuer": provider.issuer,
            "oidc_audience": AUDIENCE,
            "oidc_client_id": "studio",
        }
        async with running_app(tmp_path, settings) as app:
            yield app, provider


async def code_of(app: RunningApp) -> str:
    """Go to the provider and come back; return the code that it gave."""
    answer = await app.client.get(START)
    assert answer.status_code == 302
    async with httpx.AsyncClient() as browser:
        back = await browser.get(answer.headers["location"])
    address = back.headers["location"]
    assert address.startswith(f"{app.settings.server_url}/studio/signed-in?")
    given = dict(parse_qsl(urlsplit(address).query))
    assert given["state"] == "s1"
    return given["code"]


async def test_a_browser_gets_a_token_that_the_api_accepts(tmp_path: Path) -> None:
    async with opened(tmp_path) as (app, _):
        assert (await app.client.get("/studio.json")).json()["hasProvider"] is True
        code = await code_of(app)
        page = await app.client.get(f"/studio/signed-in?code={code}&state=s1")
        assert page.headers["content-type"].startswith("text/html")
        body = {"code": code, "verifier": VERIFIER}
        tokens = (await app.client.post("/studio/token", json=body)).json()
        assert tokens["seconds"] == 300
        renewal = {"refreshToken": tokens["refreshToken"]}
        renewed = (await app.client.post("/studio/token", json=renewal)).json()
        for token in (tokens["token"], renewed["token"]):
            answer = await app.client.post(
                "/graphql",
                json={"query": "{ viewer { userId role } }"},
                headers={"authorization": f"Bearer {token}"},
            )
            assert answer.json()["data"]["viewer"] == {"userId": "ann", "role": "CREATOR"}
        again = await app.client.post("/studio/token", json=body)
        assert again.status_code == 401
        assert "Sign in again" in again.json()["message"]


async def test_another_verifier_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as (app, _):
        body = {"code": await code_of(app), "verifier": "b" * 43}
        assert (await app.client.post("/studio/token", json=body)).status_code == 401


async def test_bad_requests_never_reach_the_provider(tmp_path: Path) -> None:
    bodies: tuple[tuple[dict[str, Any], int], ...] = (
        ({"json": []}, 400),
        ({"json": {"code": 1, "verifier": "x"}}, 400),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ({"data": {"code": "x", "verifier": "y"}}, 415),
        ({"json": {"code": "x" * 20_000, "verifier": "y"}}, 413),
    )
    async with opened(tmp_path) as (app, provider):
        for request, status in bodies:
            answer = await app.client.post("/studio/token", **request)
            assert answer.status_code == status
            assert answer.json()["message"]
        for query in ("", "?state=x", "?challenge=x", f"?state=x&challenge={'x' * 300}"):
            assert (await app.client.get(f"/studio/sign-in{query}")).status_code == 400
        assert provider.requests == []


async def test_a_provider_that_fails_is_reported_as_such(tmp_path: Path) -> None:
    async with opened(tmp_path) as (app, provider):
        provider.status = 500
        answers = [
            await app.client.get(START),
            await app.client.post("/studio/token", json={"refreshToken": "refresh-1"}),
        ]
        assert [answer.status_code for answer in answers] == [503, 503]
        provider.status = 200
        assert (await app.client.get(START)).status_code == 302


async def repeated(piece: bytes, seconds: float = 0) -> AsyncIterator[bytes]:
    """Send the same without end."""
    while True:
        yield piece
        await asyncio.sleep(seconds)


async def one(piece: bytes) -> AsyncIterator[bytes]:
    yield piece


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(lambda: one(b"[]"), id="a list"),
        pytest.param(lambda: repeated(b" " * 100_000), id="without end"),
        pytest.param(lambda: repeated(b" ", 0.05), id="slowly"),
    ],
)
async def test_an_answer_out_of_bounds_is_an_unavailable_provider(
    tmp_path: Path, raw: Callable[[], AsyncIterator[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_calls, "MAX_SECONDS", 2.0)
    headers = {"authorization": "Bearer ey.ey.ey"}
    async with opened(tmp_path) as (app, provider), asyncio.timeout(WAIT_SECONDS):
        for path in (START, "/api/models"):
            provider.raw = raw()
            assert (await app.client.get(path, headers=headers)).status_code == 503


def test_a_client_id_needs_a_provider(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="OIDC_ISSUER: set it where OIDC_CLIENT_ID is set"):
        load_settings(data_dir=tmp_path, auth="keys", oidc_client_id="studio")
