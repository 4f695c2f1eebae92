"""What an attack does to a server's process, and to everybody else's requests meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import psutil

from tests.support.process import ProductProcess

MIB = 1024 * 1024


class Probe:
    """Figures of a server process, while it is watched.

    Attributes:
        latencies: Seconds that each answer of ``/health`` took.
        peak_bytes: The most memory that the process had (RSS).
    """

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.latencies: list[float] = []
        self.start_bytes = self.peak_bytes = self.rss
        self._start_cpu = self.cpu

    @property
    def rss(self) -> int:
        """The memory that the process has now."""
        size: int = self._process.memory_info().rss
        return size

    @property
    def cpu(self) -> float:
        """Seconds of processor time that the process has used in all."""
        times = self._process.cpu_times()
        used: float = times.user + times.system
        return used

    @property
    def cpu_used(self) -> float:
        """Seconds of processor time since the probe began."""
        return self.cpu - self._start_cpu

    @property
    def growth(self) -> float:
        """MiB that the process grew by at its peak."""
        return (self.peak_bytes - self.start_bytes) / MIB

    @property
    def worst(self) -> float:
        """Seconds of the slowest answer."""
        return max(self.latencies)

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    async def watch(self, url: str) -> None:
        """Ask for ``/health`` over and over."""
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            while True:
                before = time.perf_counter()
                response = await client.get("/health")
                self.latencies.append(time.perf_counter() - before)
                assert response.status_code == 200
                self.peak_bytes = max(self.peak_bytes, self.rss)
                await asyncio.sleep(0.005)


@asynccontextmanager
async def probed(server: ProductProcess) -> AsyncIterator[Probe]:
    """Watch a server until the end of the block."""
    probe = Probe(psutil.Process(server.process.pid))
    watching = asyncio.create_task(probe.watch(server.url))
    try:
        yield probe
        # Another answer after the attack: the last one may have been held up by it.
        seen = len(probe.latencies)
        while len(probe.latencies) < seen + 2 and not watching.done():
            await asyncio.sleep(0.005)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
