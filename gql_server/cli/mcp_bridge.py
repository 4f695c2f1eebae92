"""MCP over standard input and output, for a server elsewhere: each request is passed on to it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import httpx2
from mcp import Client, types
from mcp.client.streamable_http import streamable_http_client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

from gql_server import __version__

_SECONDS: Final = httpx2.Timeout(600, connect=10)
"""A tool may take as long as its image; progress and pings arrive meanwhile."""

_PING: Final = {"jsonrpc": "2.0", "id": 0, "method": "ping"}
_ACCEPT: Final = "application/json, text/event-stream"

_Given = ServerRequestContext[Any, Any]


async def serve_stdio(url: str, headers: Mapping[str, str]) -> None:
    """Serve MCP on standard input and output until the input ends.

    Args:
        url: The address of the MCP server.
        headers: What to send with each request, such as the key.

    Raises:
        Exception: The server refuses the caller, or cannot be reached.
    """
    async with httpx2.AsyncClient(headers=dict(headers), timeout=_SECONDS) as http:
        await _check(http, url)
        await _serve(http, url)


async def _check(http: httpx2.AsyncClient, url: str) -> None:
    """Check that the server answers and knows the caller: the SDK would wait for an answer."""
    response = await http.post(url, json=_PING, headers={"Accept": _ACCEPT})
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        raise ConnectionError(f"{response.status_code} {response.reason_phrase}")


async def _serve(http: httpx2.AsyncClient, url: str) -> None:
    async with (
        Client(streamable_http_client(url, http_client=http)) as client,
        stdio_server() as (read, write),
    ):
        server = _bridge(client)
        await server.run(read, write, server.create_initialization_options())


def _bridge(client: Client) -> Server[Any]:
    async def list_tools(
        _given: _Given, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return await client.list_tools(cursor=_cursor(params))

    async def call_tool(given: _Given, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await client.call_tool(
            params.name, params.arguments, progress_callback=given.session.report_progress
        )

    async def list_resources(
        _given: _Given, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return await client.list_resources(cursor=_cursor(params))

    async def list_templates(
        _given: _Given, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return await client.list_resource_templates(cursor=_cursor(params))

    async def read_resource(
        _given: _Given, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        return await client.read_resource(params.uri)

    async def list_prompts(
        _given: _Given, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        return await client.list_prompts(cursor=_cursor(params))

    async def get_prompt(
        _given: _Given, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        return await client.get_prompt(params.name, params.arguments)

    return Server(
        "gql_server",
        version=__version__,
        instructions=client.instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


def _cursor(params: types.PaginatedRequestParams | None) -> str | None:
    return params.cursor if params is not None else None
