import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import chain, cycle

import pytest
import uvicorn
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gql_server.web.slow_clients import bounded_http
from tests.support.in_loop import listening, served
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an ASGI app
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    protocol = bounded_http(
        head_seconds=0.3, idle_seconds=0.3, taking_seconds=0.3, max_connections=3
    )
    config = uvicorn.Config(app, http=protocol, lifespan="off", log_config=None)
    with listening() as (listener, number):
        async with served(config, listener):
            yield number


async def answer(port: int, *pieces: bytes) -> bytes:
    """Send the pieces, and return what came until the server closed the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(WAIT_SECONDS):
        for piece in pieces:
            writer.write(piece)
        try:
            found = await reader.read()
        except ConnectionError:
            found = b""
    writer.close()
    return found


@pytest.mark.parametrize("sent", [b"", b"GET / HT", REQUEST[:-2]])
async def test_a_head_that_does_not_come_is_not_waited_for(port: int, sent: bytes) -> None:
    assert await answer(port, sent) == b""


async def test_a_head_that_comes_drop_by_drop_is_not_waited_for(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    drops = asyncio.create_task(drip(writer, b"GET / HTTP/1.1\r\nX: ", b"x"))
    async with asyncio.timeout(WAIT_SECONDS):
        with suppress(ConnectionError):
            assert await reader.read() == b""
    drops.cancel()
    writer.close()


async def drip(writer: asyncio.StreamWriter, first: bytes, then: bytes) -> None:
    """Send the bytes of one, and then without end those of the other, with pauses."""
    for number in chain(first, cycle(then)):
        writer.write(bytes([number]))
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("sent", [b"Content-Length: 1000\r\n\r\n", b"\r\n"])
async def test_what_comes_drop_by_drop_after_the_answer_is_not_waited_for(
    port: int, sent: bytes
) -> None:
    """Neither the rest of a body that nobody asked for, nor the empty lines before a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST[:-2] + sent)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
    drops = asyncio.create_task(drip(writer, b"", b"\r\n"))
    async with asyncio.timeout(WAIT_SECONDS):
        with suppress(ConnectionError):
            assert await reader.read() == b""
    drops.cancel()
    writer.close()


async def test_a_body_that_ends_after_the_answer_is_followed_by_another_request(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST[:-2] + b"Content-Length: 200000\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
    writer.write(b"x" * 200_000 + REQUEST)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
    writer.close()


async def test_neither_is_that_of_a_second_request(port: int) -> None:
    found = await answer(port, REQUEST + REQUEST[:-2])
    assert found.count(b"HTTP/1.1 204") == 1


async def test_a_head_without_end_is_cut_off(port: int) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: "
    assert await answer(port, head, b"x" * 200_000) == b""


async def test_who_comes_to_the_point_is_served_as_often_as_they_like(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(5):
        writer.write(REQUEST)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
    writer.close()


async def test_a_proxy_may_keep_a_connection_longer_than_a_head_may_take() -> None:
    protocol = bounded_http(head_seconds=0.3, idle_seconds=60, taking_seconds=30, max_connections=3)
    config = uvicorn.Config(
        app, http=protocol, lifespan="off", log_config=None, timeout_keep_alive=60
    )
    with listening() as (listener, port):
        async with served(config, listener):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(2):
                writer.write(REQUEST)
                async with asyncio.timeout(WAIT_SECONDS):
                    assert b" 204 " in await reader.readuntil(b"\r\n\r\n")
                assert await answer(port, b"") == b""  # a head's time has passed meanwhile
            # What begins after a pause has no more time than any other.
            assert (await answer(port, REQUEST, b"G")).count(b" 204 ") == 1
            writer.close()


async def test_an_answer_that_is_not_taken_holds_up_no_stop() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 100_000
            await asyncio.sleep(0)

    async def answer_without_end(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(endless())(scope, receive, send)

    protocol = bounded_http(head_seconds=30, idle_seconds=30, taking_seconds=30, max_connections=3)
    config = uvicorn.Config(answer_without_end, http=protocol, lifespan="off", log_config=None)
    with listening() as (listener, port), socket.socket() as client:
        async with served(config, listener):
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, REQUEST)
            assert await loop.sock_recv(client, 100)
            began = time.monotonic()
        assert time.monotonic() - began < 10


async def test_one_connection_too_many_is_refused_until_there_is_room_again(port: int) -> None:
    kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    for reader, writer in kept:
        writer.write(REQUEST)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
    refused = await answer(port)
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert json.loads(refused.partition(b"\r\n\r\n")[2])["errors"][0]["extensions"] == {
        "code": "TOO_MANY_CONNECTIONS"
    }
    assert b"Retry-After: 1\r\n" in refused
    for _, writer in kept:
        writer.close()
    async with asyncio.timeout(WAIT_SECONDS):
        last = REQUEST[:-2] + b"Connection: close\r\n\r\n"
        while (found := await answer(port, last)).startswith(b"HTTP/1.1 503 "):
            await asyncio.sleep(0.01)
    assert found.startswith(b"HTTP/1.1 204")
