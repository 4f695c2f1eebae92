"""MCP's official clients for TypeScript and its inspector, against /mcp: `make test-clients`."""

import base64
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.test_clients import CLIENTS, workspace
from tests.support.node import NODE, node, output_of
from tests.support.process import create_key, server_process

pytestmark = [pytest.mark.anyio, pytest.mark.clients, pytest.mark.timeout(900)]

__all__ = ["workspace"]

INSPECTOR = CLIENTS / "node_modules" / ".bin" / "mcp-inspector"
SAMPLE = {"prompt": "A blue whale", "model": "@cf/black-forest-labs/flux-1-schnell"}


TEMPLATE = """mutation ($model: ID!) { createTemplate(input: {
  name: "Posters", model: $model, defaultPrompt: "{prompt}, as a poster"
}) { template { id } } }"""


@pytest.fixture(scope="module")
async def server(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[str, str, str, str]]:
    """A server that requires keys: its URL, a creator's and a reader's key, and a template's ID."""
    folder = tmp_path_factory.mktemp("server")
    creator = await create_key(folder, "creator")
    reader = await create_key(folder, "reader")
    async with server_process(folder, {"AUTH": "keys"}) as running:
        body = {"query": TEMPLATE, "variables": {"model": SAMPLE["model"]}}
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {creator}"}) as client:
            made = (await client.post(f"{running.url}/graphql", json=body)).json()
        yield running.url, creator, reader, made["data"]["createTemplate"]["template"]["id"]


async def test_the_official_clients_for_typescript(
    server: tuple[str, str, str, str], workspace: Path
) -> None:
    await node("use_mcp.mjs", *server, sys.executable, folder=workspace)


async def test_the_inspector(server: tuple[str, str, str, str], tmp_path: Path) -> None:
    url, creator, reader, template_id = server

    async def inspect(method: str, *options: str, key: str = creator) -> Any:
        command: tuple[str | Path, ...] = (
            *(*NODE, str(INSPECTOR), "--cli", f"{url}/mcp", "--transport", "http"),
            *("--header", f"Authorization: Bearer {key}", "--method", method),
            *("--format", "json", "--quiet", *options),
        )
        # Its catalog of servers would be in the home folder.
        printed = await output_of(*command, folder=tmp_path, HOME=str(tmp_path))
        return json.loads(printed)["result"]

    async def call(tool: str, **arguments: object) -> Any:
        given = ("--tool-name", tool, "--tool-args-json", json.dumps(arguments))
        return await inspect("tools/call", *given)

    # It leaves with 6 if a schema is one that clients cannot use.
    assert len((await inspect("tools/list", "--strict"))["tools"]) == 10
    assert len((await inspect("tools/list", key=reader))["tools"]) == 6
    made = await call("generate_image", **SAMPLE)
    _, picture, link = made["content"]
    assert base64.b64decode(picture["data"])
    assert link["type"] == "resource_link"
    resources = (await inspect("resources/list"))["resources"]
    assert f"image://{made['structuredContent']['id']}" in [one["uri"] for one in resources]
    read = await inspect("resources/read", "--uri", f"image://{made['structuredContent']['id']}")
    assert len(read["contents"]) == 2
    (prompt,) = (await inspect("prompts/list"))["prompts"]
    assert prompt["name"] == template_id
    given = ("--prompt-name", template_id, "--prompt-args", "prompt=A red fox")
    (message,) = (await inspect("prompts/get", *given))["messages"]
    assert template_id in message["content"]["text"]
