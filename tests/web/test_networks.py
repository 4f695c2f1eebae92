"""Who is let in by the network that they come from."""

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
import websockets
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gql_server.settings import load_settings
from gql_server.web.middleware.networks import AllowedNetworksMiddleware
from tests.support.running_app import running_app

pytestmark = pytest.mark.anyio

REFUSED = (403, "Forbidden", "text/plain; charset=utf-8")


def seen_of(response: httpx.Response) -> tuple[int, str, str]:
    return response.status_code, response.text, response.headers["content-type"]


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ("10.1.2.3", 200),
        ("11.0.0.1", 403),
        ("::ffff:10.1.2.3", 200),
        ("::ffff:11.0.0.1", 403),
        ("2001:db8::7", 200),
        ("2001:db9::7", 403),
        ("fe80::1%eth0", 403),
        ("192.0.2.9", 200),
        ("192.0.2.10", 403),
        ("testclient", 403),
        ("", 403),
        ("unknown", 403),
        (None, 403),
    ],
)
async def test_a_client_is_judged_by_its_address(client: str | None, status: int) -> None:
    networks = load_settings(allowed_ips="10.0.0.0/8, 2001:db8::/32 ,192.0.2.9").allowed_ips

    async def hello(_request: object) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(
        routes=[Route("/", hello)],
        middleware=[Middleware(AllowedNetworksMiddleware, networks=networks)],
    )
    transport = httpx.ASGITransport(app, client=(client, 1) if client is not None else None)  # type: ignore[arg-type]  # a socket without an address
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as caller:
        response = await caller.get("/")
    assert response.status_code == status
    assert status == 200 or seen_of(response) == REFUSED


async def test_the_refusal_comes_before_everything_else(tmp_path: Path) -> None:
    settings = {"allowed_ips": "10.0.0.0/8", "auth": "keys"}
    async with running_app(tmp_path, settings) as app:
        for path in ("/", "/health", "/graphql", "/images/x", "/nowhere"):
            for headers in ({}, {"X-Forwarded-For": "10.0.0.1"}, {"Forwarded": "for=10.0.0.1"}):
                assert seen_of(await app.client.get(path, headers=headers)) == REFUSED
        address = app.settings.server_url.replace("http", "ws") + "/graphql"
        with pytest.raises(websockets.InvalidStatus) as refusal:
            async with websockets.connect(address):
                pass
    assert refusal.value.response.status_code == 403
    assert refusal.value.response.body == b"Forbidden"


PROXIED = {
    "allowed_ips": "10.0.0.0/8",
    "trusted_proxies": "127.0.0.1, 172.16.0.0/12",
    "auth": "none",
}


async def test_behind_a_trusted_proxy_its_client_is_judged(tmp_path: Path) -> None:
    async with running_app(tmp_path, PROXIED) as app:

        async def status(headers: Mapping[str, str] | list[tuple[str, str]]) -> int:
            return (await app.client.get("/health", headers=headers)).status_code

        assert await status({"X-Forwarded-For": "10.0.0.1"}) == 200
        assert await status({"X-Forwarded-For": "10.0.0.1, 172.16.0.9"}) == 200
        assert await status({"X-Forwarded-For": "10.0.0.1:4711"}) == 200
        assert await status({"X-Forwarded-For": "192.0.2.1"}) == 403
        # What a client wrote itself stands to the left of what the proxy saw.
        assert await status({"X-Forwarded-For": "10.0.0.1, 192.0.2.1"}) == 403
        assert (
            await status([("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-For", "9.9.9.9")]) == 403
        )
        assert await status({"X-Forwarded-For": "10.0.0.1, 9.9.9.9, 172.16.0.9"}) == 403
        assert await status({"X-Forwarded-For": "nonsense"}) == 403
        assert await status({"X-Forwarded-For": "10.0.0.1,"}) == 403
        assert await status({"X-Real-IP": "10.0.0.1"}) == 403
        assert await status({}) == 403
