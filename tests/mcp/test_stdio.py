"""`gql-server mcp`: the official client over standard input and output."""

import asyncio
import sys

import pytest
from mcp import Client, StdioServerParameters

from tests.mcp.calls import SMALL, result
from tests.support.running_app import RunningApp

pytestmark = pytest.mark.anyio


async def test_a_client_reaches_a_server_elsewhere(user: RunningApp) -> None:
    heard: list[float] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        assert message is not None
        assert total is None or total >= progress
        heard.append(progress)

    key = user.client.headers["authorization"].removeprefix("Bearer ")
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "gql_server", "mcp", "--server", user.settings.server_url],
        env={"GQL_SERVER_KEY": key},
    )
    async with Client(command) as client:
        assert len((await client.list_tools()).tools) == 10
        answer = await client.call_tool("generate_image", SMALL, progress_callback=hear)
        made = result(answer)
        assert [one.type for one in answer.content] == ["text", "image", "resource_link"]
        read = await client.read_resource(f"image://{made['id']}")
        assert len(read.contents) == 2
    assert heard


async def test_a_wrong_key_is_explained_in_a_line(server: RunningApp) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gql_server", "mcp", "--server", server.settings.server_url),
        env={"GQL_SERVER_KEY": "gqls_none"},
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 1
    assert b"Traceback" not in said
    assert b"/mcp: " in said
