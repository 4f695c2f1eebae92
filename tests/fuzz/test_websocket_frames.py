"""Random WebSocket frames: the server closes what is wrong, and serves everybody else."""

import asyncio
import random
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.attacks.websockets import frame, raw_socket
from tests.support.probe import probed
from tests.support.process import server_process
from tests.support.subscriber import subscriber

pytestmark = pytest.mark.anyio

INIT = '{"type": "connection_init", "payload": {"ключ": "значение €😀"}}'.encode()
SUBSCRIBE = b'{"type":"subscribe","id":"1","payload":{"query":"{ __typename }"}}'


def random_frames(random_: random.Random) -> bytes:
    """Return frames of which most are nearly right."""
    found = b""
    if random_.random() < 0.7:
        cut = random_.randrange(len(INIT))
        if random_.random() < 0.5:
            found += frame(1, INIT[:cut], fin=False) + frame(0, INIT[cut:])
        else:
            found += frame(1, INIT)
    for _ in range(random_.randrange(1, 12)):
        opcode = random_.choice([0, 1, 1, 1, 2, 3, 7, 8, 9, 9, 10, 11, 15])
        payload = random_.choice(
            [
                b"",
                SUBSCRIBE,
                SUBSCRIBE[: random_.randrange(len(SUBSCRIBE))],
                INIT[: random_.randrange(len(INIT))],
                random_.randbytes(random_.choice([1, 2, 125, 126, 127, 1000])),
            ]
        )
        found += frame(
            opcode,
            payload,
            fin=random_.random() < 0.8,
            rsv=random_.choice([0, 0, 0, 0, 1, 2, 4, 7]),
            masked=random_.random() < 0.95,
            length=random_.choice([None, None, None, None, 125, 126, 65536, 2**63 - 1, 2**64 - 1]),
        )
    return found


async def one_socket(url: str, sent: bytes, pieces: int) -> None:
    """Send the bytes in so many pieces, and read what comes."""
    async with raw_socket(url) as (reader, writer, _):
        with suppress(OSError, TimeoutError):  # a closed socket is not connected any more
            size = len(sent) // pieces + 1
            for at in range(0, len(sent), size):
                writer.write(sent[at : at + size])
                await writer.drain()
            writer.write_eof()
            async with asyncio.timeout(0.3):
                await reader.read()


async def fuzz(folder: Path, *, sockets: int) -> None:
    random_ = random.Random(20261127)
    async with server_process(folder, {"LOG_LEVEL": "error"}) as server:
        for not_utf8 in (frame(1, b"\xff"), frame(1, INIT) + frame(1, b"\xff")):
            await one_socket(server.url, not_utf8, 1)
        await asyncio.gather(*(one_socket(server.url, random_frames(random_), 1) for _ in range(8)))
        async with probed(server) as probe:
            for _ in range(sockets // 8):
                await asyncio.gather(
                    *(
                        one_socket(server.url, random_frames(random_), random_.randrange(1, 5))
                        for _ in range(8)
                    )
                )
            async with subscriber(server.url) as client:
                await client.subscribe("{ __typename }")
                assert await client.next() == {"__typename": "Query"}
        figures = (probe.growth, probe.worst)
        assert probe.growth < 30, figures
        assert probe.worst < 0.5, figures
        server.process.terminate()
        code, logged = await server.end()
        assert code == -signal.SIGTERM, logged
        assert "Traceback" not in logged, logged


async def test_random_frames_harm_no_one(tmp_path: Path) -> None:
    await fuzz(tmp_path, sockets=120)


@pytest.mark.survival
async def test_many_random_frames_harm_no_one(tmp_path: Path) -> None:
    await fuzz(tmp_path, sockets=4000)
