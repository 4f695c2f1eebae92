"""The server behind nginx and Caddy, with the files of docs/operating: `make test-clients`."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import httpx
import psutil
import pytest

from tests.support.certificates import server_certificate
from tests.support.process import free_port
from tests.support.reverse_proxies import NAMES, keep_alive_seconds, running_proxy
from tests.support.running_app import FLUX, RunningApp, png, running_app
from tests.support.streams import EVENTS, PARTS, streamed
from tests.support.subscriber import subscriber
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.clients]

CREATED: Final = "subscription { imageCreated { id } }"
WATCH: Final = """subscription($id: ID!) { batchProgress(id: $id, after: 0) {
  batch { status } finishedItems { image { id } } } }"""
BATCH: Final = """mutation($input: GenerateBatchInput!) { generateBatch(input: $input) {
  batch { id } userErrors { message } } }"""
OTHER_ADDRESS: Final = "127.0.0.2"


@dataclass(frozen=True)
class Proxied:
    """A server behind a proxy, and a client that knows only the proxy."""

    app: RunningApp
    url: str
    context: ssl.SSLContext
    client: RunningApp


@pytest.fixture(scope="module", params=NAMES)
async def proxied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Proxied]:
    folder, port = tmp_path_factory.mktemp("proxied"), free_port()
    certificate, key = folder / "localhost.pem", folder / "localhost.key"
    for path, text in zip((certificate, key), server_certificate("localhost"), strict=True):
        path.write_text(text)
    context = ssl.create_default_context(cafile=certificate)
    settings = {
        "public_url": f"https://localhost:{port}/ai",
        "trusted_proxies": "127.0.0.1",
        "allowed_ips": "127.0.0.1",
        "auth": "none",
    }
    async with (
        running_app(folder, settings, runs_jobs=True) as app,
        running_proxy(
            request.param,
            folder / "proxy",
            port=port,
            server_port=app.settings.port,
            certificate=certificate,
            key=key,
        ),
        httpx.AsyncClient(base_url=app.settings.server_url, verify=context, timeout=30) as client,
    ):
        behind = RunningApp(client, app.settings, app.services)
        yield Proxied(app, app.settings.server_url, context, behind)


async def test_pages_operations_and_images(proxied: Proxied) -> None:
    client = proxied.client.client
    bare = await client.get(proxied.url)
    assert (bare.status_code, bare.headers["location"].endswith("/ai/")) == (308, True)
    page = await client.get("/", headers={"accept": "text/html"})
    assert (page.status_code, "<title>" in page.text) == (200, True)
    assert page.headers["strict-transport-security"]
    image = await proxied.client.image()
    assert image["url"].startswith(f"{proxied.url}/images/")
    assert (await client.get(image["url"])).headers["content-type"] == image["contentType"]
    made = await client.post("/api/generate", json={"prompt": "A red fox", "model": FLUX})
    assert made.headers["location"].startswith("/ai/api/images/img_")
    found = await client.get(made.headers["location"].removeprefix("/ai"))
    assert (found.status_code, found.json()) == (200, made.json())


async def test_a_large_upload(proxied: Proxied) -> None:
    data = png(1024, 1024) + bytes(8_000_000)
    uploaded = await proxied.client.upload(data)
    assert uploaded["userErrors"] == []


async def test_a_batch_over_a_websocket(proxied: Proxied) -> None:
    pictures = {"model": FLUX, "pictures": {"prompts": ["A red fox", "A gray fox"]}}
    batch = (await proxied.client.ask(BATCH, input=pictures))["generateBatch"]["batch"]
    finished = 0
    async with subscriber(proxied.url, ssl=proxied.context) as watcher:
        await watcher.subscribe(WATCH, id=batch["id"])
        while finished < 2:
            finished += len((await watcher.next())["batchProgress"]["finishedItems"])


@pytest.mark.parametrize("accept", [EVENTS, PARTS])
async def test_an_event_arrives_while_its_stream_is_open(proxied: Proxied, accept: str) -> None:
    before = await proxied.client.image()
    created = CREATED.replace("imageCreated", f'imageCreated(after: "{before["id"]}")')
    async with streamed(proxied.url, accept, created, verify=proxied.context) as stream:
        for _ in range(2):
            image = await proxied.client.image()
            assert await stream.next() == {"imageCreated": {"id": image["id"]}}


async def test_a_client_has_its_own_address_and_no_other(proxied: Proxied) -> None:
    elsewhere = httpx.AsyncHTTPTransport(verify=proxied.context, local_address=OTHER_ADDRESS)
    async with httpx.AsyncClient(base_url=proxied.url, transport=elsewhere) as client:
        for claimed in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "127.0.0.1"}):
            assert (await client.get("/health", headers=claimed)).status_code == 403
    assert (await proxied.client.client.get("/health")).status_code == 200


async def test_connections_are_kept_and_the_proxy_closes_them_first(
    proxied: Proxied, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.params["proxied"]
    assert keep_alive_seconds(name) < proxied.app.settings.keep_alive_timeout
    port = proxied.app.settings.port
    await until(lambda: not _accepted(port))
    for _ in range(5):
        assert (await proxied.client.client.get("/health")).status_code == 200
    (kept,) = _accepted(port)
    await until(lambda: bool(_closed(port) & {(kept, port), (port, kept)}))
    assert (kept, port) in _closed(port)  # the side that closes first waits


def _accepted(port: int) -> list[int]:
    """Return the ports of those who are connected to the server."""
    return [
        one.raddr.port
        for one in psutil.net_connections("tcp4")
        if one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port
    ]


def _closed(port: int) -> set[tuple[int, int]]:
    """Return the ports of closed connections with the server, first of the side that closed."""
    return {
        (one.laddr.port, one.raddr.port)
        for one in psutil.net_connections("tcp4")
        if one.status == psutil.CONN_TIME_WAIT and port in {one.laddr.port, one.raddr.port}
    }
