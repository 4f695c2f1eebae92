"""Asking the MCP server, as the official client does."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from tests.support.running_app import FLUX, RunningApp

SMALL: Final = {"prompt": "A red fox in the snow", "model": FLUX}


@asynccontextmanager
async def client_at(user: RunningApp, mode: str = "auto") -> AsyncIterator[Client]:
    """Connect the official client as a user, over HTTP."""
    headers = {
        name: value for name, value in user.client.headers.items() if name == "authorization"
    }
    url = f"{user.settings.server_url}/mcp"
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


def result(answer: CallToolResult) -> dict[str, Any]:
    """Return the structured result of a call that succeeded; the text has the same."""
    first = answer.content[0]
    assert isinstance(first, TextContent)
    assert not answer.is_error, first.text
    found: dict[str, Any] = answer.structured_content
    text: dict[str, Any] = json.loads(first.text)
    assert text == without_nulls(found)
    return found


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


def error(answer: CallToolResult) -> str:
    """Return the text of a call that failed."""
    assert answer.is_error
    assert answer.structured_content is None
    (content,) = answer.content
    assert isinstance(content, TextContent)
    return content.text
