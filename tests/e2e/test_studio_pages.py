"""The studio in a real browser: `make test-clients`."""

import asyncio
import os
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.e2e.test_playground import in_a_browser
from tests.support.gallery import copy_images
from tests.support.oidc import AUDIENCE, running_provider
from tests.support.process import create_key, free_port, server_process
from tests.support.waiting import WAIT_SECONDS

pytestmark = [pytest.mark.anyio, pytest.mark.clients]

SETTINGS: Final = {"AUTH": "keys", "WEBHOOK_ALLOW_PRIVATE": "true"}
LONG_GALLERY: Final = int(os.environ.get("GALLERY_IMAGES", "2000"))
"""100000 tries as many as are promised; that takes a quarter of an hour."""
MAKE: Final = """mutation {
  generateImage(input: {
    prompt: "An original %d", model: "@cf/black-forest-labs/flux-1-schnell"
  }) { image { id } }
}"""
RUNNING: Final = "{ batches(first: 20) { edges { node { total status succeeded } } } }"


async def big_batch_runs(url: str, key: str) -> None:
    """Wait until some images of the batch that the browser makes are there, and not all."""
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=WAIT_SECONDS) as client:
        while True:
            answer = await client.post("/graphql", json={"query": RUNNING})
            batches = [edge["node"] for edge in answer.json()["data"]["batches"]["edges"]]
            if any(one["total"] > 10 and one["succeeded"] for one in batches):
                return
            await asyncio.sleep(0.2)


async def test_the_pages_live_in_a_browser_while_the_server_restarts(tmp_path: Path) -> None:
    admin, creator, reader = [
        await create_key(tmp_path, role, user=user)
        for role, user in (("admin", "ann"), ("creator", "bob"), ("reader", "eve"))
    ]
    port = free_port()
    async with asyncio.TaskGroup() as group:
        async with server_process(tmp_path, SETTINGS, port=port) as first:
            call = in_a_browser(first.url, admin, creator, reader, script="studio_pages.mjs")
            browser = group.create_task(call)
            await big_batch_runs(first.url, admin)
            first.process.terminate()
            await first.end()
        async with server_process(tmp_path, SETTINGS, port=port):
            await browser


async def test_images_live_in_a_browser(tmp_path: Path) -> None:
    async with server_process(tmp_path, {}) as running:
        await in_a_browser(running.url, script="studio_images.mjs")


@pytest.mark.parametrize("script", ["keyboard", "selection", "entries", "lineage", "browsers"])
async def test_the_studio_can_be_used(tmp_path: Path, script: str) -> None:
    async with server_process(tmp_path, {}) as running:
        await in_a_browser(running.url, script=f"studio_{script}.mjs")


async def test_every_page_looks_right_on_every_screen(tmp_path: Path) -> None:
    key = await create_key(tmp_path, "admin")
    async with server_process(tmp_path, SETTINGS) as running:
        await in_a_browser(running.url, key, script="studio_views.mjs")


async def test_the_pages_live_beneath_a_path(tmp_path: Path) -> None:
    public_url = f"http://127.0.0.1:{free_port()}/ai"
    async with server_process(tmp_path, {"PUBLIC_URL": public_url}) as running:
        await in_a_browser(running.url, public_url, script="studio_beneath.mjs")


@pytest.mark.timeout(300 + LONG_GALLERY / 25)
async def test_a_long_gallery_scrolls_in_bounded_memory(tmp_path: Path) -> None:
    async with server_process(tmp_path, {}) as running:
        async with httpx.AsyncClient(base_url=running.url, timeout=WAIT_SECONDS) as client:
            for number in range(4):
                made = await client.post("/graphql", json={"query": MAKE % number})
                assert made.json()["data"]["generateImage"]["image"]
        await asyncio.to_thread(copy_images, tmp_path / "data", LONG_GALLERY)
        await in_a_browser(running.url, str(LONG_GALLERY), script="studio_long_gallery.mjs")


async def test_a_browser_signs_in_at_a_provider_and_stays_signed_in(tmp_path: Path) -> None:
    key = await create_key(tmp_path, "creator", user="bob")
    async with running_provider() as provider:
        provider.token_seconds = 10
        settings = {
            "AUTH": "keys",
            "OIDC_ISSUER": provider.issuer,
            "OIDC_AUDIENCE": AUDIENCE,
            "OIDC_CLIENT_ID": "studio",
        }
        async with server_process(tmp_path, settings) as running:
            await in_a_browser(running.url, provider.issuer, key, script="studio_sign_in.mjs")
    assert provider.issued > 1
