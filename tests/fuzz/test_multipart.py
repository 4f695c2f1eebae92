"""Random multipart bodies, sent byte by byte: each is taken or refused, and nobody is harmed."""

import asyncio
import json
import random
import signal
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.probe import probed
from tests.support.process import server_process
from tests.support.running_app import png
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

UPLOAD = """mutation Upload($file: Upload!) {
  uploadSourceImage(input: {file: $file}) { sourceImage { id } userErrors { code } } }"""
OPERATIONS = json.dumps({"query": UPLOAD, "variables": {"file": None}})
PICTURE = png(8, 8)
MAPS = (
    '{"0": ["variables.file"]}',
    '{"0": ["variables.nothing"]}',
    '{"0": []}',
    "[]",
    "{",
    '{"0": ["variables.file", "variables.file"]}',
    '{"1": ["variables.file"]}',
    '{"0": ["' + "a." * 3000 + '"]}',
)


def part(random_: random.Random, name: str, data: bytes, *, is_file: bool = False) -> bytes:
    """Return a part whose head is mostly right."""
    lines = [f'Content-Disposition: form-data; name="{name}"']
    if is_file:
        lines[0] += random_.choice(
            ['; filename="x.png"', "; filename*=UTF-8''x.png", '; filename=""', ""]
        )
        lines.append(random_.choice(["Content-Type: image/png", "Content-Type: \0", "X" * 5000]))
    if random_.random() < 0.1:
        lines.append(
            random_.choice(
                [
                    "Content-Transfer-Encoding: base64",
                    "Content-Type: multipart/mixed; boundary=b",
                    "no colon",
                    ": no name",
                    " folded: line",
                ]
            )
        )
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data


def random_body(random_: random.Random, boundary: bytes) -> bytes:
    """Return a body of which most parts are as they should be."""
    parts = [
        part(random_, "operations", OPERATIONS.encode()),
        part(random_, "map", random_.choice([MAPS[0], MAPS[0], *MAPS]).encode()),
        part(random_, "0", random_.choice([PICTURE, PICTURE[:30], b""]), is_file=True),
    ]
    names = random_.choices(["0", "map", "", "x" * 2000], k=random_.choice([0, 0, 0, 1, 5]))
    parts.extend(part(random_, name, b"?") for name in names)
    if random_.random() < 0.3:
        random_.shuffle(parts)
    ending = random_.choice(
        [b"--\r\n", b"--\r\n", b"--\r\n", b"", b"\r\n", b"--" + b"epilogue" * 99]
    )
    body = b"".join(b"--" + boundary + b"\r\n" + one + b"\r\n" for one in parts)
    body += b"--" + boundary + ending
    if random_.random() < 0.2:
        at = random_.randrange(len(body))
        body = body[:at] + random_.randbytes(random_.randrange(4)) + body[at + 1 :]
    if random_.random() < 0.1:
        body = body[: random_.randrange(len(body))]
    return body


async def send(url: str, random_: random.Random) -> int:
    """Send a body; return the status."""
    boundary = random_.choice([b"x", b"edge", b"e" * 70, b"e" * 300])
    body = random_body(random_, boundary)
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        shown = random_.choice([boundary, boundary, boundary, boundary, b"other", b""])
        writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"GraphQL-Require-Preflight: 1\r\nContent-Length: %d\r\n"
            b"Content-Type: multipart/form-data; boundary=%s\r\n\r\n" % (len(body), shown)
        )
        writer.write(body)
        async with asyncio.timeout(WAIT_SECONDS):
            answer = await reader.read()
    except ConnectionResetError:
        # It was refused before all of it was read, and the reset overtook the answer.
        return HTTPStatus.BAD_REQUEST
    finally:
        writer.transport.abort()
    return int(answer.split(b" ")[1])


async def fuzz(folder: Path, *, bodies: int) -> None:
    random_ = random.Random(20261127)
    async with server_process(folder, {"LOG_LEVEL": "error"}) as server:
        for _ in range(8):
            await send(server.url, random_)
        async with probed(server) as probe:
            statuses = [
                status
                for _ in range(bodies // 8)
                for status in await asyncio.gather(*(send(server.url, random_) for _ in range(8)))
            ]
        figures = (probe.growth, probe.worst)
        assert {200, 400} <= set(statuses)
        assert all(status < 500 for status in statuses), set(statuses)
        assert probe.growth < 60, figures
        assert probe.worst < 0.5, figures
        server.process.terminate()
        code, logged = await server.end()
        assert code == -signal.SIGTERM, logged
        assert "Traceback" not in logged, logged


async def test_random_bodies_harm_no_one(tmp_path: Path) -> None:
    await fuzz(tmp_path, bodies=160)


@pytest.mark.survival
async def test_many_random_bodies_harm_no_one(tmp_path: Path) -> None:
    await fuzz(tmp_path, bodies=4000)
