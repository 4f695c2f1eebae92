"""What a process has, read again and again; whether it levels off."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from statistics import median
from typing import Final

import psutil
from prometheus_client.parser import text_string_to_metric_families

from tests.support.probe import MIB
from tests.survival.soak.processes import KeptProcess

GAUGES: Final = (
    "gql_server_open_requests",
    "gql_server_open_body_bytes",
    "gql_server_generations",
    "gql_server_websockets",
    "gql_server_subscriptions",
    "gql_server_watchers",
    "gql_server_topics",
)
ALLOWED_SHARE: Final = 0.05
ALLOWED_MORE: Final = defaultdict(lambda: 5.0, {"MiB": 8.0, "open_body_bytes": 2.0**20})
"""How much more of each a process may have in the last third than in the one before, beyond a
twentieth."""

Series = dict[tuple[str, str], list[float]]


class Figures:
    """Readings by process and kind, in the order in which they were taken."""

    def __init__(
        self,
        processes: Sequence[KeptProcess],
        metrics: Callable[[], Awaitable[str]],
        connections: Callable[[], int],
    ) -> None:
        """Take what is read: processes, the server's metrics, and the database's connections."""
        self._processes = processes
        self._metrics = metrics
        self._connections = connections
        self.series: Series = defaultdict(list)
        self.highest: dict[tuple[str, str], float] = {}

    async def keep_reading(self, seconds: float) -> None:
        """Read at an interval, until canceled."""
        while True:
            await self.read()
            await asyncio.sleep(seconds)

    async def read(self) -> None:
        """Read everything once."""
        for process in self._processes:
            with suppress(psutil.NoSuchProcess):  # killed just now
                found = psutil.Process(process.process.pid)
                with found.oneshot():
                    self._add(process.name, "MiB", found.memory_info().rss / MIB)
                    self._add(process.name, "files", found.num_fds())
                    self._add(process.name, "threads", found.num_threads())
                self._add(process.name, "sockets", len(found.net_connections()))
        for name, value in gauges(await self._metrics()).items():
            self._add("server", name, value)
        self._add("database", "connections", await asyncio.to_thread(self._connections))

    def restart(self) -> None:
        """Forget the readings, but not the highest ones."""
        self.series.clear()

    def growing(self) -> dict[str, tuple[float, float]]:
        """Return what is larger in the last third than in the one before, with both medians.

        Caches fill up to their bounds, and count only by the memory that they take.
        """
        found = {}
        for (process, kind), values in self.series.items():
            if kind.startswith("cache "):
                continue
            before, last = thirds(values)[1:]
            if last > before * (1 + ALLOWED_SHARE) + ALLOWED_MORE[kind]:
                found[f"{process} {kind}"] = (before, last)
        return found

    def table(self) -> str:
        """Return the medians of each third, and the highest reading, as a table."""
        lines = [f"{'':44}{'1st third':>12}{'2nd third':>12}{'last third':>12}{'highest':>12}"]
        for key, values in sorted(self.series.items()):
            numbers = [*thirds(values), self.highest[key]]
            lines.append(f"{' '.join(key):44}" + "".join(f"{one:>12.1f}" for one in numbers))
        return "\n".join(lines)

    def _add(self, process: str, kind: str, value: float) -> None:
        key = (process, kind)
        self.series[key].append(value)
        self.highest[key] = max(value, self.highest.get(key, value))


def thirds(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median of each third of the readings."""
    size = len(values) // 3
    assert size > 2, "too few readings to compare"
    return median(values[:size]), median(values[size : 2 * size]), median(values[2 * size :])


def gauges(text: str) -> Mapping[str, float]:
    """Return the gauges of what is open, and how full the caches are."""
    found = {}
    for family in text_string_to_metric_families(text):
        if family.name in GAUGES:
            found[family.name.removeprefix("gql_server_")] = family.samples[0].value
        if family.name == "gql_server_cache_entries":
            for sample in family.samples:
                found[f"cache {sample.labels['cache']}"] = sample.value
    return found
