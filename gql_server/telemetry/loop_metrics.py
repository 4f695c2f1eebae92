"""Counters and histograms for what happens with every request.

They count in the event loop's thread only, without the locks of prometheus_client's own, which
would take a tenth of the time of a small request; its registry exports them like all others.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import inf
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class LoopCount:
    """The value of a counter for some labels.

    Attributes:
        value: Add to it directly.
    """

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def inc(self) -> None:
        """Add one."""
        self.value += 1


class LoopObservations:
    """The observations of a histogram for some labels."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Observe a value."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value


class LoopCounter(Collector):
    """A counter.

    Attributes:
        label_names: The names of its labels.
    """

    def __init__(
        self, name: str, description: str, labels: Sequence[str], registry: CollectorRegistry
    ) -> None:
        """Take its full name without ``_total``, and the names of its labels."""
        self.label_names: Final = tuple(labels)
        self._definition: Final = (name, description, None, labels)
        self._children: dict[tuple[str, ...], LoopCount] = {}
        registry.register(self)

    def labels(self, *values: str) -> LoopCount:
        """Return the value for some labels; keep it where it is needed often."""
        return self._children.setdefault(values, LoopCount())

    def describe(self) -> Iterable[Metric]:
        """Return its name, so that no other has it."""
        return [CounterMetricFamily(*self._definition)]

    def collect(self) -> Iterable[Metric]:
        """Return its values."""
        family = CounterMetricFamily(*self._definition)
        for values, child in self._children.items():
            family.add_metric(values, child.value)
        return [family]


class LoopHistogram(Collector):
    """A histogram.

    Attributes:
        label_names: The names of its labels.
    """

    def __init__(
        self,
        name: str,
        description: str,
        labels: Sequence[str],
        registry: CollectorRegistry,
        *,
        bounds: Sequence[float],
    ) -> None:
        """Take its full name, the names of its labels, and the upper bounds of its buckets."""
        self.label_names: Final = tuple(labels)
        self._definition: Final = (name, description, None, None, labels)
        self._bounds: Final = tuple(bounds)
        self._children: dict[tuple[str, ...], LoopObservations] = {}
        registry.register(self)

    def labels(self, *values: str) -> LoopObservations:
        """Return the observations for some labels; keep them where they are needed often."""
        return self._children.setdefault(values, LoopObservations(self._bounds))

    def describe(self) -> Iterable[Metric]:
        """Return its name, so that no other has it."""
        return [HistogramMetricFamily(*self._definition)]

    def collect(self) -> Iterable[Metric]:
        """Return its observations."""
        family = HistogramMetricFamily(*self._definition)
        names = [_written(bound) for bound in (*self._bounds, inf)]
        for values, child in self._children.items():
            below = 0
            buckets = []
            for name, count in zip(names, child.counts, strict=True):
                below += count
                buckets.append((name, below))
            family.add_metric(values, buckets, child.total)
        return [family]


def _written(bound: float) -> str:
    text: str = floatToGoString(bound)  # type: ignore[no-untyped-call]  # as Go and others write it
    return text
