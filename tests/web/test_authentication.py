"""Who is let in over HTTP."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import websockets

from gql_server.access.keys import KeyDraft, create_key
from gql_server.domain.clock import now
from gql_server.domain.principal import Role
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, running_app
from tests.support.subscriber import open_socket
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

VIEWER = "{ viewer { userId role key { id name prefix expiresAt lastUsedAt } } }"


async def test_no_one_is_served_without_a_good_key(app_with_keys: RunningApp) -> None:
    whole = (
        await create_key(app_with_keys.services.database, KeyDraft(user_id="a", role=Role.ADMIN))
    ).secret
    for header in (None, "", "Bearer", f"Basic {whole}", whole, f"Bearer {whole}x", "Bearer x y"):
        headers = {"Authorization": header} if header is not None else {}
        response = await app_with_keys.client.post(
            "/graphql", json={"query": "{ __typename }"}, headers=headers
        )
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        (error,) = response.json()["errors"]
        assert error["extensions"] == {"code": "UNAUTHENTICATED"}
        assert whole not in response.text


async def test_the_refusal_comes_before_the_body_is_read(app_with_keys: RunningApp) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", app_with_keys.settings.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 99999999\r\n\r\n{"
    )
    async with asyncio.timeout(WAIT_SECONDS):
        assert (await reader.readline()).startswith(b"HTTP/1.1 401")
    writer.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/studio/make", 200),
        ("GET", "/studio.json", 200),
        ("POST", "/studio/make", 405),
        ("GET", "/health", 200),
        ("GET", "/ready", 200),
        ("GET", "/graphql?query=%7B__typename%7D", 401),
        ("GET", "/graphql?query=", 401),
        ("GET", "/graphql?q=x&query=%7B__typename%7D", 401),
        ("GET", "/graphql?extensions=%7B%7D", 401),
        ("GET", "/graphql?doc_id=x", 401),
        ("POST", "/graphql", 401),
        ("OPTIONS", "/graphql", 401),
        ("GET", "/anything/else", 401),
        ("GET", "/images/generated/img_x.png", 403),
    ],
)
async def test_only_health_pages_and_signed_images_need_no_key(
    app_with_keys: RunningApp, method: str, path: str, status: int
) -> None:
    response = await app_with_keys.client.request(method, path, headers={"Accept": "text/html"})
    assert response.status_code == status


async def test_the_rest_description_takes_an_admins_key_as_a_password_and_nothing_else_does(
    app_with_keys: RunningApp,
) -> None:
    page = {"Accept": "text/html"}
    secrets = {}
    for role in Role:
        draft = KeyDraft(user_id="ann", role=role)
        secrets[role] = (await create_key(app_with_keys.services.database, draft)).secret
        answer = await app_with_keys.client.get(
            "/api/docs", headers=page, auth=("ann", secrets[role])
        )
        assert answer.status_code == (200 if role is Role.ADMIN else 401)
    for header in ("", "Basic", "Basic \u00e4", "Basic YQ==", "Basic YTpi", "Basic /w=="):
        headers = [(b"Accept", b"text/html"), (b"Authorization", header.encode())]
        refused = await app_with_keys.client.get("/api/docs", headers=headers)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic realm=")
    admin = ("ann", secrets[Role.ADMIN])
    query = {"query": "{ __typename }"}
    for address in ("/graphql?query=%7B__typename%7D", "/graphql?q=x&query=x", "/anything"):
        refused = await app_with_keys.client.get(address, headers=page, auth=admin)
        assert refused.headers["www-authenticate"] == "Bearer"
    refused = await app_with_keys.client.post("/graphql", json=query, headers=page, auth=admin)
    assert refused.headers["www-authenticate"] == "Bearer"


async def test_the_page_of_the_playground_is_open_and_asks_for_the_key_itself(
    app_with_keys: RunningApp,
) -> None:
    page = {"Accept": "text/html"}
    for address in ("/graphql", "/graphql/", "/graphql?q=%7B__typename%7D&variables=%7B%7D"):
        answer = await app_with_keys.client.get(address, headers=page)
        assert answer.status_code == 200
        assert "<title>gql_server" in answer.text
    for address in ("/graphql?query=%7B__typename%7D", "/graphql?q=x&extensions=%7B%7D"):
        assert (await app_with_keys.client.get(address, headers=page)).status_code == 401
    assert (await app_with_keys.client.post("/graphql", headers=page, json={})).status_code == 401
    assert (await app_with_keys.client.get("/assets/none.js")).status_code == 404


async def test_without_a_playground_its_address_needs_a_key(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"auth": "keys", "playground": False}) as app:
        for address in ("/graphql", "/graphql/"):
            page = await app.client.get(address, headers={"Accept": "text/html"})
            assert page.status_code == 401


async def test_a_viewer_sees_who_they_are(app_with_keys: RunningApp) -> None:
    expiry = now() + timedelta(days=30)
    async with client_of(app_with_keys, "ann", Role.CREATOR, name="shop", expires_at=expiry) as ann:
        viewer = (await ann.ask(VIEWER))["viewer"]
    key = viewer.pop("key")
    assert viewer == {"userId": "ann", "role": "CREATOR"}
    assert key["name"] == "shop"
    assert key["id"].startswith("key_")
    assert key["prefix"].startswith("gqls_")
    assert key["expiresAt"].startswith(expiry.isoformat()[:19])


async def test_a_server_without_authentication_has_one_viewer(app: RunningApp) -> None:
    viewer = (await app.ask(VIEWER))["viewer"]
    assert viewer == {"userId": "default_user", "role": "ADMIN", "key": None}


async def test_a_database_that_is_away_is_not_the_callers_error(app_with_keys: RunningApp) -> None:
    async with client_of(app_with_keys, "ann", Role.CREATOR) as ann:
        await app_with_keys.services.database.close()
        path = app_with_keys.settings.data_dir / "gql_server.db"
        path.rename(path.with_suffix(".away"))
        path.mkdir()
        response = await ann.client.post("/graphql", json={"query": VIEWER})
        path.rmdir()
        path.with_suffix(".away").rename(path)
        assert response.status_code == 503
        assert response.headers["retry-after"] == "2"
        assert (await ann.ask(VIEWER))["viewer"]["userId"] == "ann"


async def test_a_websocket_with_a_bad_key_is_refused(app_with_keys: RunningApp) -> None:
    address = app_with_keys.settings.server_url.replace("http", "ws") + "/graphql"
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with websockets.connect(address, additional_headers={"Authorization": "Bearer x"}):
            pass
    assert refusal.value.response.status_code == 401


async def test_a_websocket_s_first_message_identifies_the_caller(app_with_keys: RunningApp) -> None:
    good = await create_key(
        app_with_keys.services.database, KeyDraft(user_id="ann", role=Role.READER)
    )
    for payload in ({}, {"authorization": "Bearer gqls_wrong"}):
        async with open_socket(app_with_keys.settings.server_url) as client:
            await client.send(type="connection_init", payload=payload)
            assert await client.closed() == 4403
            assert '"authorization": "Bearer gqls_' in (client.socket.close_reason or "")
    async with open_socket(app_with_keys.settings.server_url) as client:
        payload = {"authorization": f"Bearer {good.secret}"}
        await client.send(type="connection_init", payload=payload)
        assert await client.receive() == {"type": "connection_ack"}
        await client.subscribe(VIEWER)
        assert (await client.next())["viewer"]["userId"] == "ann"
