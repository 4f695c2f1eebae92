"""What an attack does to a server's process, and to everybody else's requests meanwhile."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

from tests.support.child import child_process
from tests.support.process import ServerProcess

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


@asynccontextmanager
async def probed(server: ServerProcess, *key: str) -> AsyncIterator[Probe]:
    """Watch a server until the end of the block.

    Another process asks for ``/health``, or with a key makes ordinary requests: what the test
    itself computes must not hold it up.
    """
    pid = str(server.process.pid)
    command = (sys.executable, "-m", "tests.support.probe_program", server.url, pid, *key)
    async with child_process(*command, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        await process.stdout.readline()  # it has its first answers
        probe = Probe(psutil.Process(server.process.pid))
        watching = asyncio.create_task(_watch_memory(probe))
        try:
            yield probe
        finally:
            watching.cancel()
            process.stdin.close()
            printed, _ = await process.communicate()
        probe.latencies.extend(json.loads(printed))


async def _watch_memory(probe: Probe) -> None:
    while True:
        probe.peak_bytes = max(probe.peak_bytes, probe.rss)
        await asyncio.sleep(0.01)
