"""A client of batches over HTTP and WebSocket, for servers that run as processes."""

import asyncio
from contextlib import suppress
from typing import Any, Final

import httpx
from websockets.exceptions import ConnectionClosed, WebSocketException

from gql_server.tls import trusted_authorities
from tests.support.running_app import FLUX
from tests.support.subscriber import subscriber
from tests.support.waiting import WAIT_SECONDS

_GENERATE: Final = """mutation G($input: GenerateBatchInput!) { generateBatch(input: $input) {
  batch { id } userErrors { message path } } }"""
_READ: Final = """query B($id: ID!) { batch(id: $id) {
  status total queued running succeeded failed canceled sequence cost finishedAt
  items(first: 100) { edges { node { sequence attempts status image { id } error {
    __typename message ... on GenerationFailed { retryable } } } } }
} }"""
_WATCH: Final = """subscription P($id: ID!, $after: Int!) {
  batchProgress(id: $id, after: $after) { finishedItems { sequence } } }"""


class BatchClient:
    """Asks a server for batches.

    Attributes:
        url: Where the server listens; another's may take its place.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    async def generate(self, pictures: int) -> str:
        """Ask for a batch; return its id."""
        prompts = [f"A red fox, {number}" for number in range(pictures)]
        source = {"model": FLUX, "pictures": {"prompts": prompts}}
        payload = (await self.ask(_GENERATE, input=source))["generateBatch"]
        assert payload["userErrors"] == []
        batch_id: str = payload["batch"]["id"]
        return batch_id

    async def read(self, batch_id: str) -> dict[str, Any]:
        """Read a batch and its items; its counts must add up."""
        batch: dict[str, Any] = (await self.ask(_READ, id=batch_id))["batch"]
        states = ("queued", "running", "succeeded", "failed", "canceled")
        assert sum(batch[state] for state in states) == batch["total"]
        batch["items"] = [edge["node"] for edge in batch["items"]["edges"]]
        return batch

    async def ended(self, batch_id: str, *, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """Wait for a batch's end."""
        async with asyncio.timeout(seconds):
            while (batch := await self.read(batch_id))["finishedAt"] is None:
                await asyncio.sleep(0.1)
        return batch

    async def watch(self, batch_id: str, after: int = 0) -> list[int]:
        """Return the numbers of the events that are told, until the batch's end or the server's."""
        seen: list[int] = []
        with suppress(ConnectionClosed, WebSocketException, OSError):
            async with subscriber(self.url) as client:
                await client.subscribe(_WATCH, id=batch_id, after=after)
                while (message := await client.receive())["type"] == "next":
                    update = message["payload"]["data"]["batchProgress"]
                    seen.extend(item["sequence"] for item in update["finishedItems"])
        return seen

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Run an operation that must have no errors; return its data."""
        answer = await self.answer(query, **variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        """Run an operation; return the whole answer."""
        async with httpx.AsyncClient(
            base_url=self.url, verify=trusted_authorities(), timeout=WAIT_SECONDS
        ) as client:
            response = await client.post("/graphql", json={"query": query, "variables": variables})
        answer: dict[str, Any] = response.json()
        return answer
