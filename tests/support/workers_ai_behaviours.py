"""What the stand-in of Workers AI can be told to do instead of answering with a picture.

A behaviour is a coroutine function over an ``Exchange``: write others the same way.
"""

import asyncio
import json
import socket
import struct
import threading
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import NoReturn

from starlette.types import Send

from tests.support.workers_ai_models import ModelRules
from tests.support.workers_ai_pictures import picture
from tests.support.workers_ai_rules import Accepted


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A whole response."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request that the service takes, and the ways to answer it."""

    rules: ModelRules | None
    accepted: Accepted | None
    """Of a model of another provider there is neither."""

    picture: bytes
    """What the model made."""

    send: Send
    transport: asyncio.Transport
    reply: Reply | None = None
    """The answer of a model of another provider."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Of every answer."""

    def reply_with_picture(self) -> Reply:
        """Answer as the model does."""
        if self.reply is not None:
            return self.reply
        assert self.rules is not None
        if self.rules.answer == "base64":
            return success({"image": b64encode(self.picture).decode()})
        return Reply(body=self.picture, content_type=self.rules.declared)

    async def answer(self, reply: Reply) -> None:
        await self.start(reply, length=len(reply.body))
        await self.send({"type": "http.response.body", "body": reply.body, "more_body": False})

    async def start(self, reply: Reply, *, length: int | None) -> None:
        """Send the head of a response; without a length its body comes in chunks."""
        headers = {
            "Content-Type": reply.content_type,
            "Date": formatdate(usegmt=True),
            **reply.headers,
            **self.headers,
        }
        if length is not None:
            headers["Content-Length"] = str(length)
        await self.send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            }
        )

    async def part(self, body: bytes) -> None:
        """Send a part of the body, and let the server notice whether its caller is still there."""
        await self.send({"type": "http.response.body", "body": body, "more_body": True})
        await asyncio.sleep(0)

    async def hang_up(self) -> NoReturn:
        """Close the connection once what was sent so far is out; nothing follows."""
        self.transport.close()
        await _until_cancelled()

    async def reset(self) -> NoReturn:
        """Break the connection off, so that the client's system reports a reset."""
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
        await _until_cancelled()


Behaviour = Callable[[Exchange], Awaitable[None]]


def success(result: object) -> Reply:
    """Wrap a result in the envelope."""
    envelope = {"result": result, "success": True, "errors": [], "messages": []}
    return Reply(body=json.dumps(envelope).encode())


def failure(code: int | None, status: int, message: str = "no reason given") -> Reply:
    """Wrap an error in the envelope."""
    error = {"message": message} if code is None else {"code": code, "message": message}
    envelope = {"result": None, "success": False, "errors": [error], "messages": []}
    return Reply(body=json.dumps(envelope).encode(), status=status)


def replies(reply: Reply) -> Behaviour:
    """Answer with this."""

    async def behave(exchange: Exchange) -> None:
        await exchange.answer(reply)

    return behave


def error(
    code: int | None,
    status: int,
    message: str = "no reason given",
    *,
    retry_after: str | int | None = None,
) -> Behaviour:
    """Answer with an error's envelope."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return replies(replace(failure(code, status, message), headers=headers))


def out_of_capacity(retry_after: str | int | None = None) -> Behaviour:
    message = "Capacity temporarily exceeded, please try again."
    return error(3040, 429, message, retry_after=retry_after)


def daily_allocation_used() -> Behaviour:
    return error(3036, 429, "You have used up your daily free allocation of 10,000 neurons.")


def prompt_refused() -> Behaviour:
    return error(3030, 400, "AiError: AiError: Input prompt contains NSFW content.")


def image_flagged() -> Behaviour:
    return error(
        3030,
        400,
        "AiError: AiError: Your output has been flagged. "
        "Please choose another prompt / input image combination",
    )


def server_error_page(status: int = 502) -> Behaviour:
    page = b"<html><head><title>Bad gateway</title></head><body>cloudflare</body></html>"
    return replies(Reply(body=page, status=status, content_type="text/html"))


def html_page() -> Behaviour:
    return replies(Reply(body=b"<html><body>Hello</body></html>", content_type="text/html"))


def empty() -> Behaviour:
    return replies(Reply(body=b"", content_type="image/png"))


def broken_json() -> Behaviour:
    return replies(Reply(body=b'{"result": {"image": "/9j/'))


def json_without_image() -> Behaviour:
    return replies(success({}))


def invalid_base64() -> Behaviour:
    return replies(success({"image": "/9j/4AAQSkZJR"}))


def once(happens: threading.Event, then: Behaviour | None = None) -> Behaviour:
    """Answer once something has happened: with the picture, or as another behaviour does."""

    async def behave(exchange: Exchange) -> None:
        while not happens.is_set():
            await asyncio.sleep(0.01)
        await slow(0.0, then)(exchange)

    return behave


def slow(seconds: float, then: Behaviour | None = None) -> Behaviour:
    """Answer later: with the picture, or as another behaviour does."""

    async def behave(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        if then is not None:
            await then(exchange)
        else:
            await exchange.answer(exchange.reply_with_picture())

    return behave


async def truncated_picture(exchange: Exchange) -> None:
    """Answer with the first half of the picture, as if it were whole."""
    half = replace(exchange, picture=exchange.picture[: len(exchange.picture) // 2])
    await exchange.answer(half.reply_with_picture())


async def jpeg_declared_as_png(exchange: Exchange) -> None:
    assert exchange.accepted is not None
    data = picture("jpeg", exchange.accepted.width, exchange.accepted.height, seed=1, mark="as png")
    await exchange.answer(Reply(body=data, content_type="image/png"))


async def cut_off(exchange: Exchange) -> None:
    """Close the connection in the middle of the body."""
    reply = exchange.reply_with_picture()
    await exchange.start(reply, length=len(reply.body))
    await exchange.part(reply.body[: len(reply.body) // 2])
    await exchange.hang_up()


async def dropped(exchange: Exchange) -> None:
    """Close the connection instead of answering."""
    await exchange.hang_up()


async def reset(exchange: Exchange) -> None:
    """Break the connection off instead of answering."""
    await exchange.reset()


async def endless(exchange: Exchange) -> None:
    """Begin as a picture does and never end."""
    await exchange.start(Reply(body=b"", content_type="image/png"), length=None)
    await exchange.part(exchange.picture)
    while True:
        await exchange.part(bytes(1 << 20))


def drip(seconds_a_byte: float = 0.02) -> Behaviour:
    """Answer byte by byte, each in time for a limit on single reads."""

    async def behave(exchange: Exchange) -> None:
        reply = exchange.reply_with_picture()
        await exchange.start(reply, length=len(reply.body))
        for byte in _single_bytes(reply.body):
            await exchange.part(byte)
            await asyncio.sleep(seconds_a_byte)

    return behave


async def _until_cancelled() -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def _single_bytes(body: bytes) -> Iterator[bytes]:
    return (body[place : place + 1] for place in range(len(body)))


NAMED: Mapping[str, Behaviour] = {
    "out_of_capacity": out_of_capacity(),
    "daily_allocation_used": daily_allocation_used(),
    "prompt_refused": prompt_refused(),
    "image_flagged": image_flagged(),
    "token_rejected": error(10000, 401, "Authentication error"),
    "server_error": server_error_page(),
    "html_page": html_page(),
    "empty": empty(),
    "broken_json": broken_json(),
    "json_without_image": json_without_image(),
    "invalid_base64": invalid_base64(),
    "truncated_picture": truncated_picture,
    "jpeg_declared_as_png": jpeg_declared_as_png,
    "cut_off": cut_off,
    "dropped": dropped,
    "reset": reset,
    "endless": endless,
    "drip": drip(),
    "slow": slow(5),
}
"""By name: for a prompt that holds ``[stand-in: name]``, and for a stand-in in another process."""
