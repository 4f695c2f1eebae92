"""A model that takes its time and nothing else: flux-1-schnell's answers, some seconds late.

The stand-in of the tests checks every request as strictly as the service. This one checks none,
so that at 64 in flight it leaves the processor to the server that is measured.
"""

import argparse
import asyncio
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from random import Random
from typing import Final, cast

import uvloop
from PIL import Image, ImageFilter

SIDE: Final = 1024
_PICTURES: Final = 8
_GRAIN: Final = 24
"""Of 256 levels: with it a picture of 1024 × 1024 has the 150 to 200 KB of a detailed JPEG."""


def main() -> None:
    """Answer until told to end."""
    parser = argparse.ArgumentParser(description="A stand-in of Workers AI for benchmarks.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds that a picture takes")
    chosen = parser.parse_args()
    answers = [_answer(_picture(number)) for number in range(_PICTURES)]
    uvloop.run(_serve(chosen.port, chosen.latency, answers))


async def _serve(port: int, latency: float, answers: list[bytes]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Protocol(latency, answers), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


class _Hold:
    """Whether answers are held back, and which: POST /hold and POST /release change it."""

    def __init__(self) -> None:
        self.is_on = False
        self.held: list[Callable[[], None]] = []

    def release(self) -> None:
        self.is_on = False
        held, self.held = self.held, []
        for answer in held:
            answer()


_HOLD: Final = _Hold()
_DONE: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class _Protocol(asyncio.Protocol):
    """Reads requests to their ends, and answers each when its time has passed."""

    def __init__(self, latency: float, answers: list[bytes]) -> None:
        self._latency = latency
        self._answers = answers
        self._unread = bytearray()
        self._count = id(self)
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        head, end, body = self._unread.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            del self._unread[: len(head) + len(end) + length]
            if head.startswith((b"POST /hold ", b"POST /release ")):
                self._transport.write(_DONE)
                if head.startswith(b"POST /hold "):
                    _HOLD.is_on = True
                else:
                    _HOLD.release()
            elif _HOLD.is_on:
                _HOLD.held.append(self._answer_later)
            else:
                self._answer_later()

    def _answer_later(self) -> None:
        asyncio.get_running_loop().call_later(self._latency, self._answer)

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._count += 1
            self._transport.write(self._answers[self._count % len(self._answers)])


def _picture(number: int) -> bytes:
    random = Random(number)
    cells = Image.frombytes("RGB", (16, 16), random.randbytes(16 * 16 * 3))
    smooth = cells.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    noise = Image.frombytes("L", (SIDE, SIDE), random.randbytes(SIDE * SIDE))
    grain = noise.filter(ImageFilter.GaussianBlur(1)).convert("RGB")
    out = BytesIO()
    Image.blend(smooth, grain, _GRAIN / 256).save(out, "JPEG", quality=85)
    return out.getvalue()


def _answer(picture: bytes) -> bytes:
    body = (
        b'{"result":{"image":"'
        + b64encode(picture)
        + b'"},"success":true,"errors":[],"messages":[]}'
    )
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    main()
