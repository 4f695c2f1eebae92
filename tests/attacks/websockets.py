"""Attacks by WebSocket frames. Each says which row of docs/decisions/0021 bounds it."""

import asyncio
import os
import struct
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(
    opcode: int,
    payload: bytes,
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    length: int | None = None,
) -> bytes:
    """Write a frame as a client would, or as it must not."""
    size = len(payload) if length is None else length
    first = bytes([(fin << 7) | (rsv << 4) | opcode])
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head = first + bytes([mask_bit | size])
    elif size < 65536:
        head = first + bytes([mask_bit | 126]) + struct.pack("!H", size)
    else:
        head = first + bytes([mask_bit | 127]) + struct.pack("!Q", size)
    # A mask of zeros leaves the payload as it is.
    return head + (b"\0\0\0\0" if masked else b"") + payload


@asynccontextmanager
async def raw_socket(
    url: str, *, deflate: bool = False
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, str]]:
    """Open a WebSocket; yield its streams and the head of the server's answer."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        extensions = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflate else ""
        writer.write(
            (
                f"GET /graphql HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                f"Sec-WebSocket-Protocol: graphql-transport-ws\r\n{extensions}\r\n"
            ).encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        yield reader, writer, head
    finally:
        writer.transport.abort()


async def close_code(reader: asyncio.StreamReader) -> int | None:
    """Read to the end of a connection; return the code of its close frame, if there is one."""
    data = b""
    with suppress(ConnectionError):
        data = await reader.read()
    at = data.rfind(b"\x88")
    return int(struct.unpack("!H", data[at + 2 : at + 4])[0]) if at >= 0 else None


async def attack_inflating_frames(url: str, keys: Mapping[str, str]) -> None:  # noqa: ARG001 - anybody
    """Send frames of some kilobytes that inflate to 8 MiB each, before ``connection_init``."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(b" " * (8 * 1024 * 1024 - 64)) + packer.flush(zlib.Z_SYNC_FLUSH)

    async def once() -> None:
        async with raw_socket(url, deflate=True) as (reader, writer, _):
            with suppress(ConnectionError):
                for _ in range(30):
                    writer.write(frame(TEXT, bomb[:-4], rsv=4))
                    await writer.drain()
                await asyncio.wait_for(reader.read(), 20)

    await asyncio.gather(*(once() for _ in range(4)))


async def attack_unread_pings(url: str, keys: Mapping[str, str]) -> None:  # noqa: ARG001 - anybody
    """Send pings for some seconds, and read none of the pongs."""
    pings = frame(PING, os.urandom(125)) * 500

    async def once() -> None:
        async with raw_socket(url) as (reader, writer, _):
            reader._transport.pause_reading()  # type: ignore[attr-defined]  # a client that does not read
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(6):
                    while True:
                        writer.write(pings)
                        await writer.drain()

    await asyncio.gather(*(once() for _ in range(4)))


async def attack_tiny_frames(url: str, keys: Mapping[str, str]) -> None:  # noqa: ARG001 - anybody
    """Send empty fragments, pongs and messages of one byte, as fast as they are taken."""

    async def once(piece: bytes) -> None:
        async with raw_socket(url) as (_, writer, _):
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(3):
                    for _ in range(200):
                        writer.write(piece * 2000)
                        await writer.drain()

    await asyncio.gather(
        once(frame(TEXT, b"", fin=False) + frame(0, b"", fin=False)),
        once(frame(0, b"", fin=False)),
        once(frame(PONG, b"")),
        once(frame(TEXT, b"1")),
    )


async def attack_endless_fragments(url: str, keys: Mapping[str, str]) -> None:
    """Fragment one message without an end, on a socket that was acknowledged."""
    init = '{"type":"connection_init","payload":{"authorization":"Bearer %s"}}' % keys["reader"]
    async with raw_socket(url) as (reader, writer, _):
        writer.write(frame(TEXT, init.encode()))
        await reader.readuntil(b"connection_ack")
        writer.write(frame(TEXT, b"{", fin=False))
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(5):
                for _ in range(300):
                    writer.write(frame(0, b" ", fin=False) * 1000)
                    await writer.drain()
