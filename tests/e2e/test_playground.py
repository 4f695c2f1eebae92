"""The playground, and the page of the REST API, in a real browser: `make test-clients`."""

import os
import platform
from pathlib import Path

import pytest

from tests.support.node import CLIENTS_VENV, node
from tests.support.process import create_key, server_process

pytestmark = [pytest.mark.anyio, pytest.mark.clients]

FOLDER = Path(__file__).parent / "playground"


async def in_a_browser(*arguments: str, script: str = "playground.mjs") -> None:
    has_one = (platform.system(), platform.machine()) == ("Linux", "x86_64")
    assert has_one or os.environ.get("CHROMIUM"), "make test-clients CHROMIUM=/path/to/a/browser"
    # Where the package's browser is unpacked to, once.
    unpacked = CLIENTS_VENV / "chromium"
    unpacked.mkdir(exist_ok=True)
    await node(script, *arguments, folder=FOLDER, TMPDIR=str(unpacked))


async def test_the_playground_lives_in_a_browser(tmp_path: Path) -> None:
    async with server_process(tmp_path, {}) as running:
        await in_a_browser(f"{running.url}/graphql")


async def test_it_takes_a_key_where_the_server_requires_one(tmp_path: Path) -> None:
    key = await create_key(tmp_path, "admin")
    creator = await create_key(tmp_path, "creator")
    async with server_process(tmp_path, {"AUTH": "keys"}) as running:
        await in_a_browser(f"{running.url}/graphql", key, creator)


async def test_the_page_of_the_rest_api_lives_in_a_browser(tmp_path: Path) -> None:
    async with server_process(tmp_path, {}) as running:
        await in_a_browser(running.url, script="rest_docs.mjs")


async def test_the_documentation_lives_in_a_browser(tmp_path: Path) -> None:
    async with server_process(tmp_path, {}) as running:
        await in_a_browser(running.url, script="documentation.mjs")


async def test_that_page_takes_a_key_where_the_server_requires_one(tmp_path: Path) -> None:
    key = await create_key(tmp_path, "admin")
    async with server_process(tmp_path, {"AUTH": "keys"}) as running:
        await in_a_browser(running.url, key, script="rest_docs.mjs")
