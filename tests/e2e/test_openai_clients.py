"""Clients of the OpenAI images API, against the running server at /v1: `make test-clients`."""

import asyncio
import os
import re
from asyncio.subprocess import STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.e2e.test_clients import workspace
from tests.support.child import child_process
from tests.support.node import LITELLM, PYTHON, ROOT, node, run
from tests.support.process import create_key, free_port, server_process
from tests.support.waiting import WAIT_SECONDS

pytestmark = [pytest.mark.anyio, pytest.mark.clients, pytest.mark.timeout(900)]

__all__ = ["workspace"]

GUIDE = (ROOT / "docs" / "openai.md").read_text()
PROXY_KEY = "sk-0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, str]]:
    """A server that requires keys, and a key of it."""
    folder = tmp_path_factory.mktemp("server")
    key = await create_key(folder, "creator")
    async with server_process(folder, {"AUTH": "keys"}) as running:
        yield running.url, key


def code(name: str, url: str, key: str) -> str:
    """Return a program of the guide, for this server."""
    found = re.search(rf"```\w+ {re.escape(name)}\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found[1].replace("http://127.0.0.1:8000", url).replace("gqls_…", key)


@pytest.mark.parametrize(
    "name", ["openai_python.py", "litellm_sdk.py", "openai_node.mjs", "vercel_ai.mjs"]
)
async def test_a_program_of_the_guide(
    server: tuple[str, str],
    workspace: Path,
    name: str,
) -> None:
    (workspace / name).write_text(code(name, *server))
    if name.endswith(".mjs"):
        await node(name, folder=workspace)
    else:
        await run(LITELLM if "litellm" in name else PYTHON, name, folder=workspace)


async def test_the_official_package_for_python(
    server: tuple[str, str],
    workspace: Path,
) -> None:
    await run(PYTHON, "use_openai.py", *server, folder=workspace)
    # LiteLLM brings an earlier major version of it.
    await run(LITELLM, "use_openai.py", *server, folder=workspace)


async def test_the_official_package_for_node_and_the_vercel_ai_sdk(
    server: tuple[str, str],
    workspace: Path,
) -> None:
    await node("use_openai.mjs", *server, folder=workspace)


async def test_litellm(
    server: tuple[str, str],
    workspace: Path,
) -> None:
    url, key = server
    await run(LITELLM, "use_litellm.py", url, key, "gpt-image-1", folder=workspace)
    written = re.search(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert written is not None
    settings = written[1].replace("http://127.0.0.1:8000", url).replace("gqls_…", key)
    (workspace / "litellm.yaml").write_text(settings)
    port = free_port()
    proxy = f"http://127.0.0.1:{port}"
    command = (
        LITELLM.with_name("litellm"),
        *("--config", "litellm.yaml", "--host", "127.0.0.1", "--port", str(port)),
    )
    own = {"LITELLM_MASTER_KEY": PROXY_KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with (workspace / "proxy.log").open("wb") as log:
        async with child_process(
            *command, cwd=workspace, stdout=log, stderr=STDOUT, env=os.environ | own
        ) as process:
            await started(process, f"{proxy}/health/liveliness")
            await run(LITELLM, "use_litellm.py", proxy, PROXY_KEY, "images", folder=workspace)


async def started(process: Process, url: str) -> None:
    """Wait until the proxy answers: it imports for a minute. Its log is in the workspace."""
    async with asyncio.timeout(3 * WAIT_SECONDS), httpx.AsyncClient() as client:
        while True:
            assert process.returncode is None, "see proxy.log"
            with suppress(httpx.TransportError):
                if (await client.get(url)).is_success:
                    return
            await asyncio.sleep(0.1)
