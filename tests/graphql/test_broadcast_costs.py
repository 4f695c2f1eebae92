"""What a message to a subscriber costs, beside writing the same bytes to as many sockets."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.support.newsroom import PAGE, running_newsroom
from tests.support.subscriber import Subscriber, subscriber

pytestmark = pytest.mark.anyio

CLIENTS = 200
ROUNDS = 3
ITEMS = """subscription { items { number filler reader } }"""
_MAX_TIMES = 5.0


async def test_a_message_to_a_subscriber_costs_little_more_than_its_bytes() -> None:
    size, seconds = await _seconds_to_send()
    plain = await _seconds_to_write(b"x" * size)
    assert seconds < _MAX_TIMES * plain, (seconds, plain)


async def _seconds_to_send() -> tuple[int, float]:
    """Return the size of a message, and the processor time of each."""
    async with AsyncExitStack() as stack, running_newsroom() as room:
        room.filler = "x" * 200
        clients: list[Subscriber] = []
        for _ in range(CLIENTS):
            client = await stack.enter_async_context(subscriber(room.url))
            await client.subscribe(ITEMS)
            clients.append(client)
        await room.watched_by(CLIENTS)
        room.publish()
        for client in clients:
            await client.next()
            client.socket.transport.pause_reading()  # theirs is not what is measured
        last = clients[-1]
        last.socket.transport.resume_reading()
        took = []
        for _ in range(ROUNDS):
            began = time.thread_time()
            room.publish(PAGE)
            for _ in range(PAGE):
                message = await last.socket.recv(decode=False)
            took.append(time.thread_time() - began)
        return len(message), min(took) / (PAGE * CLIENTS)


async def _seconds_to_write(message: bytes) -> float:
    """Return the processor time of one write of a plain loop over as many sockets."""
    async with _plain_sockets() as writers:
        took = []
        for _ in range(ROUNDS):
            began = time.thread_time()
            for _ in range(PAGE):
                for writer in writers:
                    writer.write(message)
                await asyncio.sleep(0)
            took.append(time.thread_time() - began)
        return min(took) / (PAGE * CLIENTS)


@asynccontextmanager
async def _plain_sockets() -> AsyncIterator[list[asyncio.StreamWriter]]:
    accepted: list[asyncio.StreamWriter] = []

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    opened = []
    try:
        for _ in range(CLIENTS):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a connection's transport
            opened.append(writer)
        while len(accepted) < CLIENTS:
            await asyncio.sleep(0.005)
        yield accepted
    finally:
        server.close()
        for writer in (*opened, *accepted):
            writer.close()
            await asyncio.wait_for(asyncio.gather(writer.wait_closed(), return_exceptions=True), 5)
