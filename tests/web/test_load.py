"""A process that works on as much as it can refuses the rest with 503, over every API."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.running_app import (
    FLUX,
    GENERATE,
    RunningApp,
    running_app,
    workers_ai_settings,
)
from tests.support.streams import EVENTS, streamed
from tests.support.subscriber import Subscriber, subscriber
from tests.support.waiting import until
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

BUSY: Final = {"code": "UNAVAILABLE", "retryable": True, "retryAfter": 2}
LIST: Final = "{ images { totalCount } }"
NEWS: Final = "subscription { imageCreated { id } }"
IMAGE: Final = {"prompt": "A red fox", "model": FLUX}
TOOL: Final = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "generate_image", "arguments": IMAGE},
}
MCP: Final = {
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2025-06-18",
}
PLACES: Final = 3
IMG2IMG: Final = "@cf/runwayml/stable-diffusion-v1-5-img2img"


async def busy_over_http(app: RunningApp) -> Mapping[str, httpx.Response]:
    """Ask over every API."""
    client = app.client
    return {
        "graphql": await client.post("/graphql", json={"query": LIST}),
        "rest": await client.get("/api/images"),
        "openai": await client.get("/v1/models"),
        "mcp": await client.post("/mcp", json=TOOL, headers=MCP),
        "file": await client.get("/images/generated/img_none.png"),
    }


async def error_of(socket: Subscriber, query: str) -> Any:
    await socket.subscribe(query, "busy")
    message = await socket.receive()
    assert message["type"] == "error", message
    return message["payload"][0]["extensions"]


async def test_requests_beyond_the_limit_are_refused_over_every_api(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | {"max_open_requests": PLACES}
    async with (
        running_app(tmp_path, settings) as app,
        subscriber(app.settings.server_url) as socket,
    ):
        async with AsyncExitStack() as watching:
            # Open streams and subscriptions are not requests.
            streams = [
                await watching.enter_async_context(streamed(app.settings.server_url, EVENTS, NEWS))
                for _ in range(PLACES)
            ]
            for number in range(PLACES):
                await socket.subscribe(NEWS, f"news {number}")
            await socket.settled()
            with fake_workers_ai.held():
                images = [asyncio.create_task(app.image()) for _ in range(PLACES)]
                await until(lambda: len(fake_workers_ai.requests) == PLACES)
                for name, response in (await busy_over_http(app)).items():
                    assert response.status_code == 503, name
                    assert response.headers["retry-after"] == "2", name
                    if name == "graphql":
                        assert response.json()["errors"][0]["extensions"] == BUSY
                    if name == "rest":
                        assert response.json()["error"] == "Service unavailable"
                    if name == "openai":
                        assert response.json()["error"]["code"] == "unavailable"
                assert await error_of(socket, LIST) == BUSY
                for probe in ("/health", "/ready", "/metrics"):
                    assert (await app.client.get(probe)).status_code == 200, probe
                assert len(fake_workers_ai.requests) == PLACES
            made = {image["id"] for image in await asyncio.gather(*images)}
            for stream in streams:
                assert {(await stream.next())["imageCreated"]["id"] for _ in made} == made
        assert (await app.ask(LIST))["images"]["totalCount"] == PLACES
        assert (await app.client.get("/api/images")).status_code == 200


async def test_images_beyond_the_limit_are_refused_and_everything_else_is_served(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | {"max_generations": PLACES}
    async with running_app(tmp_path, settings) as app:
        with fake_workers_ai.held():
            images = [asyncio.create_task(app.generate(idempotencyKey=f"{n}")) for n in range(2)]
            images.append(asyncio.create_task(app.generate()))
            await until(lambda: len(fake_workers_ai.requests) == PLACES)
            for key in (None, "another"):
                found = await app.answer(GENERATE, input=IMAGE | {"idempotencyKey": key})
                assert found["errors"][0]["extensions"] == BUSY
            rest = await app.client.post("/api/generate", json=IMAGE)
            openai = await app.client.post("/v1/images/generations", json=IMAGE)
            for response in (rest, openai):
                assert (response.status_code, response.headers["retry-after"]) == (503, "2")
            called = await app.client.post("/mcp", json=TOOL, headers=MCP)
            assert "UNAVAILABLE" in called.text
            assert (await app.ask(LIST))["images"]["totalCount"] == 0
            batch = "mutation { generateBatch(input: {model: %s, pictures: {prompts: [%s]}}) " % (
                json.dumps(FLUX),
                json.dumps("A red fox"),
            )
            accepted = await app.ask(batch + "{ batch { total } userErrors { message } } }")
            assert accepted["generateBatch"]["batch"] == {"total": 1}
            assert len(fake_workers_ai.requests) == PLACES
        for payload in await asyncio.gather(*images):
            assert payload["userErrors"] == []
        assert (await app.image())["id"]


async def test_bodies_beyond_the_limit_are_refused_and_one_alone_is_not(tmp_path: Path) -> None:
    padding = "x" * 40_000
    body = json.dumps({"query": LIST, "padding": padding}).encode()
    async with running_app(tmp_path, {"max_open_body_bytes": 50_000}) as app:
        url = urlsplit(app.settings.server_url)
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        head = f"POST /graphql HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
        metric = "gql_server_open_body_bytes"

        async def size() -> float:
            lines = (await app.client.get("/metrics")).text.splitlines()
            return float(next(line for line in lines if line.startswith(f"{metric} ")).split()[1])

        while await size() < len(body) - 1:
            await asyncio.sleep(0.01)
        headers = {"content-type": "application/json"}
        refused = await app.client.post("/graphql", content=body, headers=headers)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        upload = await app.client.post(
            "/api/source-images", content=b"x" * 40_000, headers={"content-type": "image/png"}
        )
        assert (upload.status_code, upload.headers["retry-after"]) == (503, "2")
        writer.write(body[-1:])
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
        while await size():
            await asyncio.sleep(0.01)
        alone = json.dumps({"query": LIST, "padding": padding * 2}).encode()
        assert (await app.client.post("/graphql", content=alone, headers=headers)).is_success


async def test_subscriptions_of_all_users_have_a_limit(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"max_subscriptions": 1}) as app:
        url = app.settings.server_url
        async with subscriber(url) as first, subscriber(url) as second:
            await first.subscribe(NEWS)
            await first.settled()
            assert await error_of(second, NEWS) == BUSY
            await first.send(type="complete", id="1")
            await first.settled()
            await second.subscribe(NEWS, "later")
            await second.settled()


async def test_images_with_sources_wait_without_them_while_many_are_in_memory(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as app:
        source = (await app.image())["id"]
        fake_workers_ai.reset()
        room = app.services.with_sources
        async with AsyncExitStack() as full:
            while not room.locked():
                await full.enter_async_context(room)
            waiting = asyncio.create_task(app.image(model=IMG2IMG, sourceImageIds=[source]))
            await until(lambda: len(app.services.running) == 1)
            await app.image()
            assert [call.model for call in fake_workers_ai.requests] == [FLUX]
        assert (await waiting)["model"]["id"] == IMG2IMG
