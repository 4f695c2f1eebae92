"""A server inside the test's own loop, on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn

from gql_server.web.server import Server


class InLoopServer(Server):
    """the application's server, whose signals belong to pytest, and which stops at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stop_requested = asyncio.Event()

    def stop(self) -> None:
        """Have it stop."""
        self.should_exit = True
        self._stop_requested.set()

    async def main_loop(self) -> None:
        """Tick as uvicorn does, without finishing a tick that a test would wait for."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await self._stop_requested.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@contextmanager
def listening() -> Iterator[tuple[socket.socket, int]]:
    """Bind a port that nobody has; it is closed at the end of the block."""
    # Said to be TCP, so that asyncio turns off Nagle's algorithm on its connections.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener, listener.getsockname()[1]


@asynccontextmanager
async def served(config: uvicorn.Config, listener: socket.socket) -> AsyncIterator[InLoopServer]:
    """Serve until the end of the block."""
    server = InLoopServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if serving.done():
                await serving
                raise RuntimeError("the server ended before it started")
            await asyncio.sleep(0.005)
        yield server
    finally:
        server.stop()
        await serving
