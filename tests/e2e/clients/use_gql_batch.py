"""gql: a batch that is asked for, watched over WebSockets, left, and watched again to its end."""

import asyncio
import sys
from contextlib import aclosing
from typing import Any

from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport

PICTURES = 12
GENERATE = """mutation M($input: GenerateBatchInput!) {
  generateBatch(input: $input) { batch { id } userErrors { message } } }"""
WATCH = """subscription P($id: ID!, $after: Int!) { batchProgress(id: $id, after: $after) {
  sequence batch { status } finishedItems { sequence image { id } } } }"""


async def main(url: str) -> None:
    address = url.replace("http://", "ws://", 1)
    seen: list[int] = []
    async with Client(transport=WebsocketsTransport(url=address)) as session:
        generate = gql(GENERATE)
        generate.variable_values = {
            "input": {
                "model": "@cf/black-forest-labs/flux-1-schnell",
                "pictures": {"prompts": [f"A heron, {number}" for number in range(PICTURES)]},
            }
        }
        made = (await session.execute(generate))["generateBatch"]
        assert made["userErrors"] == []
        batch_id = made["batch"]["id"]
        last = await watch(session, batch_id, seen, after=0, until=3)
    assert 3 <= len(seen) < PICTURES, "it was to be left in the middle"
    async with Client(transport=WebsocketsTransport(url=address)) as session:
        await watch(session, batch_id, seen, after=last, until=None)
    assert seen == list(range(1, PICTURES + 1))


async def watch(
    session: Any, batch_id: str, seen: list[int], *, after: int, until: int | None
) -> int:
    """Note the events that are told, until there are so many or the batch has ended."""
    subscription = gql(WATCH)
    subscription.variable_values = {"id": batch_id, "after": after}
    status = None
    async with aclosing(session.subscribe(subscription)) as updates:
        async for update in updates:
            progress = update["batchProgress"]
            seen.extend(item["sequence"] for item in progress["finishedItems"])
            assert all(item["image"]["id"] for item in progress["finishedItems"])
            after, status = progress["sequence"], progress["batch"]["status"]
            if until is not None and len(seen) >= until:
                return after
    assert status == "SUCCEEDED"
    return after


asyncio.run(main(sys.argv[1]))
