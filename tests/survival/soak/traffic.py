"""Every kind of traffic, each as one client that repeats it."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from tests.support.running_app import UPLOAD, png
from tests.survival.soak.client import SMALL, Soak, event_of
from tests.survival.soak.watching import watch_batch

IMG2IMG: Final = "@cf/runwayml/stable-diffusion-v1-5-img2img"
GENERATE: Final = """mutation G($input: GenerateImageInput!) { generateImage(input: $input) {
  image { id url small: url(width: 64) } generation { id } userErrors { code message } } }"""
GENERATION: Final = "query N($id: ID!) { generation(id: $id) { status image { id } } }"
BATCH: Final = """mutation B($input: GenerateBatchInput!) { generateBatch(input: $input) {
  batch { id total } userErrors { code message } } }"""
ITEMS: Final = """query I($id: ID!) { batch(id: $id) {
  status finishedAt items(first: 100) { edges { node { image { id } } } } } }"""
LISTS: Final = (
    "{ images(first: 50) { edges { node { id prompt cost url model { name } } } } }",
    '{ images(first: 20, filter: {search: "soak"}) { totalCount edges { node { id tags } } } }',
    "{ models { id name } }",
    "{ costAnalytics { totalCost totalImages byModel { model { id } totalCost } } }",
    "{ batches(first: 20) { edges { node { id status succeeded cost } } } }",
    "{ webhooks(first: 20) { edges { node { id status } } } }",
)
MCP: Final = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}

Traffic = Callable[[Soak], Awaitable[None]]


async def lists(soak: Soak) -> None:
    """Read lists by GraphQL and REST."""
    query = random.choice(LISTS)
    if random.random() < 0.1:  # now and then a document that no cache has
        query = f"# {soak.new_key()}\n{query}"
    body = {"query": query}
    answer = (await soak.send("lists", "POST", "/graphql", json=body)).json()
    assert "errors" not in answer, answer
    await soak.send("lists", "GET", "/api/images", params={"limit": 20})
    await soak.pause(0.1)


async def images(soak: Soak) -> None:
    """Generate an image, and read a resized version of it."""
    key = soak.new_key()
    given = {**SMALL, "prompt": key, "idempotencyKey": key}
    image = (await soak.ask("images", GENERATE, input=given))["image"]
    soak.received(image["id"])
    await soak.send("renditions", "GET", image["small"])
    await soak.send("files", "GET", image["url"])


async def generations(soak: Soak) -> None:
    """Request an image without waiting, and ask for it until it is there."""
    key = soak.new_key()
    given = {**SMALL, "prompt": key, "idempotencyKey": key, "wait": False}
    generation = (await soak.ask("generations", GENERATE, input=given))["generation"]
    while True:
        found = await soak.ask("generations", GENERATION, id=generation["id"])
        assert found["status"] in {"QUEUED", "RUNNING", "SUCCEEDED"}, found
        if found["status"] == "SUCCEEDED":
            soak.received(found["image"]["id"])
            return
        await asyncio.sleep(0.3)


async def batches(soak: Soak) -> None:
    """Run a batch, watched over a WebSocket or an event stream, with a webhook at its end."""
    key = soak.new_key()
    prompts = [f"{key}, {number}" for number in range(random.randint(3, 12))]
    given = {
        **SMALL,
        "pictures": {"prompts": prompts},
        "idempotencyKey": key,
        "webhookUrl": soak.hook,
    }
    batch = (await soak.ask("batches", BATCH, input=given))["batch"]
    seen = await watch_batch(soak, batch["id"], is_socket=random.random() < 0.5)
    assert seen == list(range(1, len(prompts) + 1)), (batch, seen)
    found = await soak.ask("batches", ITEMS, id=batch["id"])
    assert found["status"] == "SUCCEEDED", found
    for edge in found["items"]["edges"]:
        soak.received(edge["node"]["image"]["id"])
    soak.hooked.add(batch["id"])


async def edits(soak: Soak) -> None:
    """Upload a picture, and generate an image from it."""
    key = soak.new_key()
    operations = {"query": UPLOAD, "variables": {"file": None, "key": key}}
    answer = await soak.send(
        "uploads",
        "POST",
        "/graphql",
        data={"operations": json.dumps(operations), "map": '{"0": ["variables.file"]}'},
        files={"0": ("file.png", png(256, 256, random.choice(("teal", "red", "navy"))))},
        headers={"GraphQL-Require-Preflight": "1"},
    )
    payload = (answer.json().get("data") or {}).get("uploadSourceImage")
    if payload is None or payload["userErrors"]:  # its first request may still hold the key
        await soak.pause(0.5)
        return
    source = payload["sourceImage"]["id"]
    given = {"model": IMG2IMG, "prompt": key, "sourceImageIds": [source], "idempotencyKey": key}
    soak.received((await soak.ask("edits", GENERATE, input=given))["image"]["id"])


async def rest(soak: Soak) -> None:
    """Generate an image by REST."""
    key = soak.new_key()
    body = {**SMALL, "prompt": key}
    headers = {"Idempotency-Key": key}
    answer = await soak.send("rest", "POST", "/api/generate", json=body, headers=headers)
    soak.received(answer.json()["id"])
    await soak.pause(0.5)


async def openai(soak: Soak) -> None:
    """Generate two images by the API of OpenAI's clients."""
    key = soak.new_key()
    body = {"prompt": key, "model": "dall-e-2", "size": "256x256", "n": 2}
    headers = {"Idempotency-Key": key}
    path = "/v1/images/generations"
    answer = (await soak.send("openai", "POST", path, json=body, headers=headers)).json()
    assert len(answer["data"]) == 2, answer
    for image in answer["data"]:
        soak.received(image["id"])
    await soak.pause(0.5)


async def mcp(soak: Soak) -> None:
    """Generate an image as an agent does, and search for it."""
    key = soak.new_key()
    tools: Sequence[tuple[str, dict[str, Any]]] = (
        ("list_models", {}),
        ("generate_image", {**SMALL, "prompt": key, "idempotency_key": key}),
        ("search_images", {"text": key, "limit": 5}),
    )
    for name, arguments in tools:
        params = {"name": name, "arguments": arguments}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        while True:
            message = event_of(await soak.send("mcp", "POST", "/mcp", json=body, headers=MCP))
            result = message["result"]
            if not result.get("isError"):
                break
            assert "in a moment" in str(result) or "PENDING" in str(result), message
            await asyncio.sleep(0.3)
        if name == "generate_image":
            soak.received(result["structuredContent"]["id"])
    await soak.pause(0.5)


CLIENTS: Final[Sequence[tuple[Traffic, int]]] = (
    (lists, 2),
    (images, 2),
    (generations, 1),
    (batches, 2),
    (edits, 1),
    (rest, 1),
    (openai, 1),
    (mcp, 1),
)
"""Each kind, and how many clients repeat it."""


async def repeat(soak: Soak, kind: Traffic) -> None:
    """Repeat one kind until the traffic stops; what was started is finished."""
    while not soak.stopping.is_set():
        await kind(soak)
        soak.done[getattr(kind, "__name__", "")] += 1
