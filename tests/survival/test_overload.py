"""Far more requests of each kind than a process takes: it refuses most, and stays as it is.

The latencies are those of the server's request log, so that the test's own clients do not count.
"""

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
import psutil
import pytest
from websockets.asyncio.client import connect

from tests.support.probe import MIB
from tests.support.process import free_port, workers_ai_environment
from tests.support.running_app import png
from tests.support.sqlite import make_sqlite
from tests.support.subscriber import PROTOCOL
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI
from tests.survival.soak.client import SMALL
from tests.survival.soak.figures import gauges
from tests.survival.soak.processes import KeptProcess, kept
from tests.survival.soak.traffic import GENERATE, MCP

pytestmark = [pytest.mark.anyio, pytest.mark.survival]

CLIENTS: Final = int(os.environ.get("OVERLOAD_CLIENTS", "40"))
"""Of each kind, at once; each sends requests until two are answered."""
REQUESTS: Final = 3 * CLIENTS // 4
IMAGES: Final = CLIENTS // 5
QUERIES: Final = REQUESTS // 2
"""Over each socket, at once."""
BODY_BYTES: Final = CLIENTS * MIB // 4
ROUNDS: Final = 2
SLOWER: Final = 20
MORE_SECONDS: Final = 5.0
MORE_MIB: Final = 250
MORE_FILES: Final = 200
"""Connections to the database and to the model, which are kept."""
LIST: Final = "query Pages { images(first: 50) { edges { node { id prompt model { name } } } } }"

UPLOAD: Final = png(900, 900) + bytes(1_500_000)
IDLE: Final = ("generations", "websockets", "subscriptions", "watchers", "open_body_bytes")


@dataclass
class Client:
    """A client of the server, and what it was answered.

    Attributes:
        accepted: The IDs of images that were returned.
        refused: How many requests of each kind were refused.
        answered: How many were not.
    """

    url: str
    http: httpx.AsyncClient
    accepted: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)

    async def send(
        self, kind: str, method: str, path: str, **options: Any
    ) -> httpx.Response | None:
        """Send a request; return its response, or None if it was refused as it must be."""
        response = await self.http.request(method, path, **options)
        if response.status_code == 503:
            assert int(response.headers["retry-after"]) > 0, (kind, response.text)
            return None
        assert response.is_success, (kind, response.status_code, response.text)
        return response

    def answer(self, kind: str) -> bool:
        """Count a request that was answered."""
        self.answered[kind] += 1
        return True

    def refuse(self, kind: str) -> bool:
        """Count a request that was refused."""
        self.refused[kind] += 1
        return False


Kind = Callable[[Client], Awaitable[bool]]
"""Sends a request, and returns whether it was answered and not refused."""


async def pages(client: Client) -> bool:
    response = await client.send("pages", "POST", "/graphql", json={"query": LIST})
    if response is None:
        return client.refuse("pages")
    assert "errors" not in response.json()
    return client.answer("pages")


async def rest(client: Client) -> bool:
    response = await client.send("rest", "GET", "/api/images")
    return client.refuse("rest") if response is None else client.answer("rest")


async def images(client: Client) -> bool:
    body = {"query": GENERATE, "variables": {"input": {**SMALL, "prompt": "A red fox"}}}
    response = await client.send("images", "POST", "/graphql", json=body)
    if response is None:
        return client.refuse("images")
    found = response.json()
    if "errors" in found:
        (error,) = found["errors"]
        assert error["extensions"] == {"code": "UNAVAILABLE", "retryable": True, "retryAfter": 2}
        return client.refuse("images")
    payload = found["data"]["generateImage"]
    assert payload["userErrors"] == [], payload
    client.accepted.add(payload["image"]["id"])
    return client.answer("images")


async def openai(client: Client) -> bool:
    body = {"prompt": "A red fox", "model": "dall-e-2", "size": "256x256"}
    response = await client.send("openai", "POST", "/v1/images/generations", json=body)
    if response is None:
        return client.refuse("openai")
    client.accepted.add(response.json()["data"][0]["id"])
    return client.answer("openai")


async def mcp(client: Client) -> bool:
    params = {"name": "list_models", "arguments": {}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    response = await client.send("mcp", "POST", "/mcp", json=body, headers=MCP)
    return client.refuse("mcp") if response is None else client.answer("mcp")


async def uploads(client: Client) -> bool:
    headers = {"content-type": "image/png"}
    path = "/api/source-images"
    response = await client.send("uploads", "POST", path, content=UPLOAD, headers=headers)
    return client.refuse("uploads") if response is None else client.answer("uploads")


async def sockets(client: Client) -> bool:
    """Send several queries over one socket at once."""
    address = f"ws{client.url.removeprefix('http')}/graphql"
    async with connect(address, subprotocols=[PROTOCOL], open_timeout=WAIT_SECONDS) as socket:
        await socket.send('{"type": "connection_init"}')
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        for number in range(QUERIES):
            payload = {"query": LIST}
            message = {"type": "subscribe", "id": str(number), "payload": payload}
            await socket.send(json.dumps(message))
        ended = 0
        while ended < QUERIES:
            message = json.loads(await socket.recv())
            if message["type"] == "next":
                assert "errors" not in message["payload"], message
                client.answer("sockets")
            else:
                ended += 1
            if message["type"] == "error":
                assert message["payload"][0]["extensions"]["code"] == "UNAVAILABLE", message
                client.refuse("sockets")
    return True


KINDS: Final[tuple[Kind, ...]] = (pages, rest, images, openai, mcp, uploads, sockets)
NAMES: Final = ("pages", "rest", "images", "openai", "mcp", "uploads", "sockets")
OPERATIONS: Final = {
    "Pages": "pages",
    "G": "images",
    "list_models": "mcp",
    "images": "rest",
    "createImage": "openai",
    "uploadSourceImage": "uploads",
}


async def test_what_is_beyond_the_limits_is_refused_and_the_rest_is_served_in_time(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_workers_ai.latency = 0.5
    make_sqlite(tmp_path / "data" / "gql_server.db")
    port = free_port()
    settings = workers_ai_environment(
        fake_workers_ai,
        PORT=str(port),
        MAX_OPEN_REQUESTS=str(REQUESTS),
        MAX_GENERATIONS=str(IMAGES),
        MAX_OPEN_BODY_BYTES=str(BODY_BYTES),
        LOG_FORMAT="json",
        # The clients are slow: they are all in one process.
        SUBSCRIPTION_INIT_TIMEOUT="120",
        RECEIVE_TIMEOUT="120",
        REQUEST_DEADLINE="600",
    )
    url = f"http://127.0.0.1:{port}"
    server = KeptProcess("server", tmp_path, settings, "serve", health=f"{url}/ready")
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with (
        kept(server),
        httpx.AsyncClient(base_url=url, limits=limits, timeout=2 * WAIT_SECONDS) as http,
    ):
        client = Client(url, http)
        for kind in KINDS * 5:
            await kind(client)
        assert client.refused.total() == 0
        client.answered.clear()
        process = psutil.Process(server.process.pid)
        files = process.num_fds()
        unloaded = latencies(server.log.read_bytes())
        before = len(server.log.read_bytes())
        memory = Memory(process)
        async with memory.watched():
            await asyncio.gather(*(repeat(client, kind) for kind in KINDS for _ in range(CLIENTS)))
        async with asyncio.timeout(WAIT_SECONDS):
            while await is_busy(http):
                await asyncio.sleep(0.2)
        more_files = process.num_fds() - files
        written = server.log.read_bytes()
        loaded = latencies(written[before:])
        for kind in (pages, rest, mcp):
            await kind(client)
        total = (await http.post("/graphql", json={"query": "{ images { totalCount } }"})).json()
        assert await server.stop() in {0, -signal.SIGTERM}
    again = latencies(server.log.read_bytes()[len(written) :])
    figures = [
        f"{kind}: {client.answered[kind]} answered, {client.refused[kind]} refused; "
        f"{middle(unloaded[kind]):.3f} s alone, {slowest(loaded[kind]):.3f} s loaded"
        for kind in NAMES
    ]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(figures) + f"\n{memory}, {more_files} more files\n")
    assert total["data"]["images"]["totalCount"] == len(client.accepted)
    for name in NAMES:
        assert client.answered[name] >= CLIENTS, figures
        assert client.refused[name] > 0, figures
        # Of sockets there is no line for each query.
        assert slowest(loaded[name]) <= middle(unloaded[name]) * SLOWER + MORE_SECONDS, figures
    for name, values in again.items():
        assert middle(values) < middle(unloaded[name]) * 5 + 0.5, figures
    assert more_files < MORE_FILES
    assert memory.peak - memory.start < MORE_MIB * MIB, figures
    assert b'"level": "error"' not in written


class Memory:
    """The memory (RSS) of a process, at the start and at its highest."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.start = self.peak = process.memory_info().rss

    def __str__(self) -> str:
        return f"memory in MiB: {self.start / MIB:.0f}, at most {self.peak / MIB:.0f}"

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look at it again and again until the end of the block."""

        async def look() -> None:
            while True:
                self.peak = max(self.peak, self._process.memory_info().rss)
                await asyncio.sleep(0.02)

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()


async def repeat(client: Client, kind: Kind) -> None:
    """Send requests until some are answered; after a refusal, as a client does, after a while."""
    chance = random.Random(0)
    for _ in range(ROUNDS):
        while not await kind(client):
            await asyncio.sleep(chance.uniform(0.5, 2.0))


async def is_busy(http: httpx.AsyncClient) -> bool:
    found = gauges((await http.get("/metrics")).text)
    return any(found[name] for name in IDLE)


def latencies(log: bytes) -> defaultdict[str, list[float]]:
    """Return the seconds of all answered requests in a log, by kind."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for line in log.splitlines():
        with suppress(ValueError):
            entry = json.loads(line)
            kind = OPERATIONS.get(entry.get("operation", ""))
            if entry["event"] == "request" and kind is not None and entry["status"] < 300:
                found[kind].append(entry["milliseconds"] / 1000)
    return found


def middle(values: list[float]) -> float:
    """Return the median; 0 if there is none."""
    return median(values) if values else 0.0


def slowest(values: list[float]) -> float:
    """Return the value that 95 percent do not exceed; 0 if there is none."""
    return sorted(values)[int(len(values) * 0.95)] if values else 0.0
