"""A page of another site, whose name was made to resolve to this machine, gets nothing."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from websockets.exceptions import InvalidStatus

from gql_server.settings import Settings, SettingsError, load_settings
from gql_server.web.middleware.hosts import AllowedHostsMiddleware
from tests.support.running_app import running_app
from tests.support.subscriber import open_socket, subscriber

pytestmark = pytest.mark.anyio

QUERY = {"query": "{ viewer { userId } }"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("localhost.:8000", 200),
        ("app.localhost:8000", 200),
        ("127.0.0.1", 200),
        ("10.1.2.3:8000", 200),
        ("[::1]:8000", 200),
        ("api.example.com", 200),
        ("API.example.com.:443", 200),
        ("a.b.example.org", 200),
        ("example.org", 421),
        ("evilexample.org", 421),
        ("example.com", 421),
        ("api.example.com.evil.test", 421),
        ("localhost.evil.test", 421),
        ("127.0.0.1.evil.test", 421),
        ("evil.test:8000", 421),
        ("0x7f000001", 421),
        ("2130706433", 421),
        ("user@evil.test", 421),
        ("localhost@evil.test", 421),
        ("evil.test#@localhost", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
async def test_names_are_compared_whole(host: str, status: int) -> None:
    settings = load_settings(allowed_hosts="api.example.com., *.EXAMPLE.org")

    async def hello(_request: object) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(
        routes=[Route("/", hello), Route("/health", hello)],
        middleware=[Middleware(AllowedHostsMiddleware, names=settings.host_names or ())],
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        response = await client.get("/", headers={"host": host})
        assert (await client.get("/health", headers={"host": host})).status_code == 200
    assert response.status_code == status
    if status != 200:
        (error,) = response.json()["errors"]
        assert error["extensions"] == {"code": "HOST_NOT_ALLOWED"}
        assert "ALLOWED_HOSTS" in error["message"]


async def test_a_rebound_name_reaches_nothing_of_a_server_without_authentication(
    tmp_path: Path,
) -> None:
    async with running_app(tmp_path) as app:
        port = app.settings.port
        host = f"evil.test:{port}"
        rebound = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
        for path in ("/", "/graphql", "/images/a.png"):
            response = await app.client.get(path, headers=rebound)
            assert response.status_code == 421
        rest = await app.client.get("/api/models", headers=rebound)
        assert (rest.status_code, rest.json()["error"]) == (421, "Misdirected request")
        response = await app.client.post("/graphql", json=QUERY, headers=rebound)
        assert response.status_code == 421
        assert "data" not in response.json()
        url = app.settings.server_url
        with pytest.raises(InvalidStatus, match=r"400|421"):
            async with open_socket(url, additional_headers={"host": host}, origin=f"http://{host}"):
                pass
        for name in ("localhost", "127.0.0.1"):
            own = {"host": f"{name}:{port}"}
            response = await app.client.post("/graphql", json=QUERY, headers=own)
            assert response.json()["data"] == {"viewer": {"userId": "default_user"}}
        async with subscriber(url) as client:
            await client.settled()


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ("127.0.0.1",)),
        ({"host": "::1"}, ("::1",)),
        ({"public_url": "https://x.test/", "auth": "none"}, ("x.test",)),
        ({"allowed_hosts": "a.test"}, ("a.test", "127.0.0.1")),
        ({"allowed_hosts": "*"}, None),
        # Whose page it is does not matter where it has no key to show.
        ({"auth": "keys"}, None),
        ({"auth": "keys", "allowed_hosts": "a.test"}, ("a.test", "127.0.0.1")),
        # Other machines get in by whatever name they have for it.
        ({"host": "0.0.0.0", "auth": "none"}, None),
        ({"host": "0.0.0.0", "auth": "none", "allowed_hosts": "a.test"}, ("a.test", "localhost")),
    ],
)
def test_where_names_matter(settings: dict[str, Any], names: tuple[str, ...] | None) -> None:
    found: Settings = load_settings(**settings)
    assert found.host_names == names


@pytest.mark.parametrize("given", ["http://a.test", "a.test:80", "*x.test", "a b", "*.", "ä.test"])
def test_what_is_no_name_stops_the_start(given: str) -> None:
    with pytest.raises(SettingsError, match="ALLOWED_HOSTS"):
        load_settings(allowed_hosts=given)
