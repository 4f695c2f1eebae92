"""A thousand WebSockets that never say who they are, and everybody else."""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus

from tests.support.process import server_process
from tests.support.subscriber import Subscriber, open_socket

pytestmark = [pytest.mark.anyio, pytest.mark.survival]


async def test_a_thousand_idle_sockets_slow_no_one_and_are_closed(tmp_path: Path) -> None:
    settings = {"AUTH": "none", "SUBSCRIPTION_INIT_TIMEOUT": "12", "MAX_CONNECTIONS": "1010"}
    async with server_process(tmp_path, settings) as running, AsyncExitStack() as stack:
        sockets: list[Subscriber] = []
        for _ in range(20):
            opened = [stack.enter_async_context(open_socket(running.url)) for _ in range(50)]
            sockets += await asyncio.gather(*opened)
        async with httpx.AsyncClient(base_url=running.url, timeout=30) as client:
            seconds = []
            for _ in range(50):
                began = time.monotonic()
                answer = await client.post("/graphql", json={"query": "{ models { id } }"})
                seconds.append(time.monotonic() - began)
                assert answer.status_code == 200
            assert sorted(seconds)[25] < 0.5
            outcomes = Counter([await outcome(running.url, stack) for _ in range(20)])
            assert outcomes.keys() == {"taken", "refused"}
            codes = Counter([await socket.closed() for socket in sockets])
            assert codes == {4408: 1000}
            assert (await client.get("/health")).status_code == 200
        running.process.terminate()
        _, logged = await running.end()
    assert "Traceback" not in logged


async def outcome(url: str, stack: AsyncExitStack) -> str:
    try:
        await stack.enter_async_context(open_socket(url))
    except (InvalidStatus, InvalidMessage, ConnectionError):
        return "refused"
    return "taken"
