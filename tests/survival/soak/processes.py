"""Processes that are killed and started again, on the same port and with one log."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

from tests.support.child import child_process
from tests.support.process import environment
from tests.support.waiting import WAIT_SECONDS

PATIENCE_SECONDS: Final = 5 * WAIT_SECONDS
"""How long anything may take: servers die meanwhile, and the machine may be busy with others."""


class KeptProcess:
    """A `gql-server` process, started again after each kill.

    Attributes:
        name: Its name in the figures.
        log: The file of its log, of all its lives.
        kills: How often it was killed.
    """

    def __init__(
        self, name: str, folder: Path, settings: Mapping[str, str], *command: str, health: str
    ) -> None:
        """Take the command, and the address that answers once it has started."""
        self.name = name
        self.log = folder / f"{name}.log"
        self.kills = 0
        self._folder = folder
        self._settings = settings
        self._command = (sys.executable, "-m", "gql_server", *command)
        self._health = health
        self._life = AsyncExitStack()
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The running process."""
        assert self._process is not None
        return self._process

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        file = self._life.enter_context(self.log.open("ab"))
        running = child_process(
            *self._command,
            cwd=self._folder,
            env=environment(self._settings),
            stdout=DEVNULL,
            stderr=file,
        )
        self._process = await self._life.enter_async_context(running)
        async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient() as client:
            while not await self._is_ready(client):
                assert self.process.returncode is None, self.log.read_text()[-3000:]
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """Kill it without a warning."""
        self.process.kill()
        await self.process.wait()
        await self._life.aclose()
        self.kills += 1

    async def stop(self) -> int:
        """Stop it as an operator does; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait()

    async def close(self) -> None:
        """End it, however it is."""
        await self._life.aclose()

    async def _is_ready(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(self._health)).is_success
        except httpx.TransportError:
            return False


@asynccontextmanager
async def kept(*processes: KeptProcess) -> AsyncIterator[None]:
    """Start the processes, and end them at the end of the block."""
    try:
        for process in processes:
            await process.start()
        yield
    finally:
        for process in processes:
            await process.close()
