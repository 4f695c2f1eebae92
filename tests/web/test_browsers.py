"""What browsers are told: which pages may ask, and what a page of ours may do."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from gql_server.settings import SettingsError, load_settings
from tests.support.running_app import running_app
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

ORIGIN = "https://app.example.com"
SETTINGS: dict[str, Any] = {
    "cors_origins": f"{ORIGIN}/, http://localhost:3000",
    "public_url": "https://images.example.com",
    "auth": "none",
    "receive_timeout": 0.3,
}


async def preflight(client: httpx.AsyncClient, origin: str) -> httpx.Response:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, graphql-require-preflight",
    }
    return await client.options("/graphql", headers=headers)


async def test_pages_of_listed_origins_may_ask_and_every_answer_is_guarded(tmp_path: Path) -> None:
    async with running_app(tmp_path, SETTINGS) as app:
        address = f"http://127.0.0.1:{app.settings.port}"
        async with httpx.AsyncClient(base_url=address) as client:
            allowed = await preflight(client, ORIGIN)
            assert allowed.status_code == 200
            assert allowed.headers["access-control-allow-origin"] == ORIGIN
            assert "graphql-require-preflight" in allowed.headers["access-control-allow-headers"]
            refused = await preflight(client, "https://evil.example.com")
            assert "access-control-allow-origin" not in refused.headers
            query = {"query": "{ __typename }"}
            for origin, echoed in ((ORIGIN, ORIGIN), ("https://evil.example.com", None)):
                answer = await client.post("/graphql", json=query, headers={"origin": origin})
                assert answer.headers.get("access-control-allow-origin") == echoed
            for path in ("/graphql", "/health", "/ready", "/nothing", "/images/none"):
                headers = (await client.get(path)).headers
                assert headers["x-content-type-options"] == "nosniff", path
                assert headers["x-frame-options"] == "DENY"
                assert headers["referrer-policy"] == "no-referrer"
                assert "frame-ancestors 'none'" in headers["content-security-policy"]
                assert headers["strict-transport-security"] == "max-age=31536000"
            await a_body_that_does_not_come_is_not_waited_for(app.settings.port)


async def drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b" ")
        await asyncio.sleep(0.02)


async def a_body_that_does_not_come_is_not_waited_for(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100\r\n\r\n{"
    )
    drops = asyncio.create_task(drip(writer))
    answer = b""
    async with asyncio.timeout(WAIT_SECONDS):
        while b"REQUEST_TIMEOUT" not in answer:  # what is sent after it resets the connection
            part = await reader.read(4096)
            assert part, answer
            answer += part
    drops.cancel()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_page_may_ask_first_without_the_key_and_read_that_it_needs_one(
    tmp_path: Path,
) -> None:
    settings = {"auth": "keys", "cors_origins": ORIGIN}
    async with running_app(tmp_path, settings) as app:
        allowed = await preflight(app.client, ORIGIN)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == ORIGIN
        refused = await app.client.post("/graphql", json={}, headers={"origin": ORIGIN})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == ORIGIN
        assert refused.headers["x-content-type-options"] == "nosniff"


async def test_without_origins_no_page_is_let_in(tmp_path: Path) -> None:
    async with running_app(tmp_path) as app:
        answer = await preflight(app.client, ORIGIN)
        assert "access-control-allow-origin" not in answer.headers
        headers = (await app.client.get("/health")).headers
        assert "strict-transport-security" not in headers
        await the_playground_is_guarded(app.client)


async def the_playground_is_guarded(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql?q=what+was+typed", headers={"accept": "text/html"})
    for name, value in (await client.get("/health")).headers.items():
        if name.startswith(("x-", "referrer-", "cross-origin-", "permissions-")):
            assert page.headers[name] == value
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert not re.search(r"<script>|\son[a-z]+=\"|https?:", page.text)


@pytest.mark.parametrize("origins", ["app.example.com", "https://a.example.com/path", "*.a.com"])
def test_what_is_no_origin_is_reported(origins: str) -> None:
    with pytest.raises(SettingsError, match="CORS_ORIGINS"):
        load_settings(cors_origins=origins)


@pytest.mark.parametrize("listed", ["", ORIGIN])
async def test_a_refused_origin_is_logged_with_how_to_allow_it(tmp_path: Path, listed: str) -> None:
    """Once for each origin, and no more than 20 lines however many there are."""
    settings = {"cors_origins": listed} if listed else {}
    async with running_app(tmp_path, settings) as app:
        own = {"origin": app.settings.server_url}
        allowed = [own, {"origin": ORIGIN}] if listed else [own]
        with capture_logs() as logged:
            for headers in allowed:
                body = {"query": "{ __typename }"}
                await app.client.post("/graphql", json=body, headers=headers)
        assert refused_origins(logged) == []
        with capture_logs() as logged:
            await preflight(app.client, "https://shop.example.com")
            await app.client.get("/health", headers={"origin": "https://shop.example.com"})
        (entry,) = refused_origins(logged)
        assert "add https://shop.example.com to CORS_ORIGINS" in entry["hint"]
        with capture_logs() as logged:
            for number in range(40):
                await preflight(app.client, f"https://{number}.example.com")
        assert len(refused_origins(logged)) == 19


def refused_origins(logged: Sequence[EventDict]) -> list[EventDict]:
    return [entry for entry in logged if entry["event"] == "origin_refused"]
