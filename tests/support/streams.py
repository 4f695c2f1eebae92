"""A client of subscriptions over HTTP: graphql-sse's events, and Apollo's parts."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.support.waiting import WAIT_SECONDS

EVENTS = "text/event-stream"
PARTS = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'


class Stream:
    """An open stream, in either form.

    Attributes:
        is_complete: Whether the server said that nothing will come.
        keep_alives: How many signs of life came.
    """

    def __init__(self, response: httpx.Response) -> None:
        self.is_complete = False
        self.keep_alives = 0
        self._is_events = response.headers["content-type"].startswith(EVENTS)
        self._lines = response.aiter_lines()

    async def next(self) -> dict[str, Any]:
        """Wait for the next result, which must be without errors; return its data."""
        result = await self.receive()
        assert result is not None
        assert "errors" not in result, result
        data: dict[str, Any] = result["data"]
        return data

    async def receive(self) -> dict[str, Any] | None:
        """Wait for the next result, or the end of the stream."""
        async with asyncio.timeout(WAIT_SECONDS):
            async for line in self._lines:
                result = self._event(line) if self._is_events else self._part(line)
                if result is not None:
                    return result
        return None

    def _event(self, line: str) -> dict[str, Any] | None:
        self.keep_alives += line.startswith(":")
        if line == "event: complete":
            self.is_complete = True
        text = line.removeprefix("data: ")
        return json.loads(text) if text != line and text else None

    def _part(self, line: str) -> dict[str, Any] | None:
        if line == "--graphql--":
            self.is_complete = True
        if not line.startswith("{"):
            return None
        part: dict[str, Any] = json.loads(line)
        self.keep_alives += part == {}
        if part.get("payload") is None:
            return part or None
        payload: dict[str, Any] = part["payload"]
        return payload


@asynccontextmanager
async def streamed(
    url: str,
    accept: str,
    query: str,
    *,
    headers: Mapping[str, str] | None = None,
    verify: ssl.SSLContext | bool = True,
    **variables: Any,
) -> AsyncIterator[Stream]:
    """Subscribe, until the end of the block."""
    body = {"query": query, "variables": variables}
    async with (
        httpx.AsyncClient(verify=verify, timeout=WAIT_SECONDS) as client,
        client.stream(
            "POST", f"{url}/graphql", json=body, headers={"accept": accept, **(headers or {})}
        ) as response,
    ):
        assert response.status_code == 200, await response.aread()
        yield Stream(response)
