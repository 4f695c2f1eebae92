"""Watching batches and new images, across the deaths of the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import httpx
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.support.streams import EVENTS, streamed
from tests.support.subscriber import subscriber
from tests.survival.soak.client import Soak
from tests.survival.soak.processes import PATIENCE_SECONDS

BATCH: Final = """subscription W($id: ID!, $after: Int!) { batchProgress(id: $id, after: $after) {
  batch { finishedAt } finishedItems { sequence image { id } } } }"""
NEW: Final = "subscription N($after: ID!) { imageCreated(after: $after) { id cost } }"

_GONE: Final = (ConnectionClosed, WebSocketException, OSError, httpx.HTTPError, TimeoutError)


async def watch_batch(soak: Soak, batch_id: str, *, is_socket: bool) -> list[int]:
    """Return the numbers of a batch's events, in their order, until its end."""
    seen: list[int] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with suppress(*_GONE):
                after = seen[-1] if seen else 0
                async for data in _results(soak, BATCH, is_socket, id=batch_id, after=after):
                    update = data["batchProgress"]
                    seen.extend(item["sequence"] for item in update["finishedItems"])
                    if update["batch"]["finishedAt"] is not None:
                        return seen
            soak.retried["watching"] += 1
            await asyncio.sleep(0.3)


async def watch_new_images(soak: Soak) -> None:
    """Note all images that are stored after the first one in ``watched``, until canceled."""
    while True:
        with suppress(*_GONE):
            async for data in _results(soak, NEW, True, after=soak.watched[-1]):
                soak.watched.append(data["imageCreated"]["id"])
        soak.retried["watching"] += 1
        await asyncio.sleep(0.3)


async def _results(
    soak: Soak,
    query: str,
    is_socket: bool,  # noqa: FBT001 - the caller's choice
    **variables: Any,
) -> AsyncIterator[dict[str, Any]]:
    opened = _by_socket if is_socket else _by_stream
    async with opened(soak, query, **variables) as results:
        async for data in results:
            yield data


@asynccontextmanager
async def _by_socket(
    soak: Soak, query: str, **variables: Any
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    async with subscriber(soak.url, additional_headers=soak.headers) as client:
        await client.subscribe(query, **variables)

        async def results() -> AsyncIterator[dict[str, Any]]:
            while (message := await client.receive())["type"] == "next":
                assert "errors" not in message["payload"], message
                yield message["payload"]["data"]

        yield results()


@asynccontextmanager
async def _by_stream(
    soak: Soak, query: str, **variables: Any
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    async with streamed(soak.url, EVENTS, query, headers=soak.headers, **variables) as stream:

        async def results() -> AsyncIterator[dict[str, Any]]:
            while (found := await stream.receive()) is not None:
                assert "errors" not in found, found
                yield found["data"]

        yield results()
