"""A stand-in for Cloudflare Workers AI: an HTTP server as strict as the service.

In a test::

    with running_workers_ai() as server:
        server.next(out_of_capacity(retry_after=1), cut_off)   # then pictures again
        client = WorkersAI(account_id=server.account_id, api_token=server.token,
                           base_url=server.base_url)

A request that the service would refuse is refused before any behaviour is looked at. What else it
can do stands in ``workers_ai_behaviours``. A prompt that holds ``[stand-in: out_of_capacity]``
(any name of ``NAMED``) always gets that behaviour.

As a process of its own::

    python -m tests.support.workers_ai --port 9001 --latency 0.2

which prints its addresses as JSON; ``GET /_requests`` lists what came, ``DELETE /_requests``
forgets it, and ``POST /_next`` takes a JSON list of names of behaviours.
"""

import argparse
import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI


@contextmanager
def running_workers_ai(*, latency: float = 0.0) -> Iterator[FakeWorkersAI]:
    """Run the stand-in on a free port of 127.0.0.1 for as long as the block runs."""
    fake_workers_ai = FakeWorkersAI(latency=latency)
    server, listener = _server(fake_workers_ai, port=0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        if not server.is_ready.wait(WAIT_SECONDS):
            message = "the stand-in of Workers AI did not start"
            raise TimeoutError(message)
        yield fake_workers_ai
    finally:
        server.should_exit = server.force_exit = True
        thread.join(WAIT_SECONDS)


def main() -> None:
    """Run the stand-in as a process until it is told to end."""
    parser = argparse.ArgumentParser(description="A stand-in for Cloudflare Workers AI.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that a picture takes")
    chosen = parser.parse_args()
    fake_workers_ai = FakeWorkersAI(latency=chosen.latency)
    server, listener = _server(fake_workers_ai, port=chosen.port)
    addresses = {
        "base_url": fake_workers_ai.base_url,
        "gateway_base_url": fake_workers_ai.gateway_base_url,
        "account_id": fake_workers_ai.account_id,
        "token": fake_workers_ai.token,
    }
    sys.stdout.write(f"{json.dumps(addresses)}\n")
    sys.stdout.flush()
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_ready.set()


class _Protocol(HttpToolsProtocol):
    """Hands the connection to the application, which may break it off."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"transport": {"transport": self.transport}}


def _server(fake_workers_ai: FakeWorkersAI, *, port: int) -> tuple[_Server, socket.socket]:
    listener = _listener(port)
    fake_workers_ai.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        fake_workers_ai,
        http=_Protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        date_header=False,  # a behaviour may set its own
        timeout_keep_alive=30,
    )
    return _Server(config), listener


def _listener(port: int) -> socket.socket:
    """Listen on a socket that says it is TCP.

    Only then does asyncio turn off Nagle's algorithm, which holds answers back by 40 ms.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    return listener


if __name__ == "__main__":
    main()
