"""A receiver of webhooks: an HTTP server that keeps what it gets, and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.in_loop import listening, served
from tests.support.waiting import WAIT_SECONDS

Behaviour = Callable[[], Response]


@dataclass(frozen=True)
class Received:
    """A request that came in."""

    headers: dict[str, str]
    body: bytes

    def verify(self, secret: str) -> dict[str, Any]:
        """Return what it says, which must have been signed with the secret."""
        said: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return said


class Receiver:
    """A running receiver; it answers 204 unless it was told something else."""

    def __init__(self, port: int, scheme: str = "http") -> None:
        self.port = port
        self.url = f"{scheme}://127.0.0.1:{port}/hook"
        self.received: list[Received] = []
        self._next: list[Behaviour | int] = []

    def next(self, *behaviours: Behaviour | int) -> None:
        """Answer the next requests by these statuses, or by what these return."""
        self._next.extend(behaviours)

    def reset(self) -> None:
        """Forget what came in, and what was to be answered."""
        self.received = []
        self._next = []

    async def until(self, count: int) -> list[Received]:
        """Wait for so many requests."""
        async with asyncio.timeout(WAIT_SECONDS):
            while len(self.received) < count:
                await asyncio.sleep(0.01)
        return self.received

    async def answer(self, request: Request) -> Response:
        self.received.append(Received(dict(request.headers), await request.body()))
        behaviour = self._next.pop(0) if self._next else 204
        return Response(status_code=behaviour) if isinstance(behaviour, int) else behaviour()


@asynccontextmanager
async def running_receiver(
    certificate: str | None = None, key: str | None = None
) -> AsyncIterator[Receiver]:
    """Receive on loopback until the end of the block, by TLS where there is a certificate."""
    with listening() as (listener, port):
        receiver = Receiver(port, "https" if certificate else "http")
        app = Starlette(routes=[Route("/{path:path}", receiver.answer, methods=["POST"])])
        config = uvicorn.Config(
            app,
            log_config=None,
            lifespan="off",
            ssl_certfile=certificate,
            ssl_keyfile=key,
            timeout_graceful_shutdown=1,
        )
        async with served(config, listener):
            yield receiver
