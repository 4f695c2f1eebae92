"""How long blocks of code take, by outcome."""

from collections.abc import Mapping
from time import perf_counter
from types import TracebackType
from typing import Final

from prometheus_client import Histogram

from gql_server.telemetry.loop_metrics import LoopHistogram

_OK: Final = "ok"


class Stopwatch:
    """Observes in a histogram how long blocks take; its last label is the outcome.

    The outcome is ``ok``, or the one of the exception that ended the block.

    Attributes:
        observe_ok: Observes a block that no exception ended.
    """

    def __init__(
        self,
        histogram: Histogram | LoopHistogram,
        *labels: str,
        outcomes: Mapping[type[BaseException], str],
        otherwise: str,
    ) -> None:
        """Take the histogram, its other labels, and the outcomes by the type of exception.

        Args:
            histogram: Where it observes.
            labels: The values of the labels before the outcome.
            outcomes: The outcomes by type of exception; the first that fits is taken.
            otherwise: The outcome of all other exceptions.
        """
        self._outcomes = tuple(outcomes.items())
        self._otherwise = otherwise
        self._observe = {
            outcome: histogram.labels(*labels, outcome).observe
            for outcome in (_OK, *outcomes.values(), otherwise)
        }
        self.observe_ok: Final = self._observe[_OK]

    def running(self) -> "_Run":
        """Return a context manager that measures its block."""
        return _Run(self)

    def observe(self, seconds: float, error: type[BaseException] | None) -> None:
        """Observe a block that took so long, with the type of the exception that ended it."""
        if error is None:
            self.observe_ok(seconds)
            return
        outcome = next(
            (outcome for kind, outcome in self._outcomes if issubclass(error, kind)),
            self._otherwise,
        )
        self._observe[outcome](seconds)


class _Run:
    __slots__ = ("_started_at", "_watch")

    def __init__(self, watch: Stopwatch) -> None:
        self._watch = watch
        self._started_at = perf_counter()

    def __enter__(self) -> None:
        """Start."""

    def __exit__(
        self,
        error: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Observe."""
        self._watch.observe(perf_counter() - self._started_at, error)
