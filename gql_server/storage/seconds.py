"""How long a store takes, for the metrics."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from gql_server.storage.store import StoreMisconfigured, StoreUnavailable
from gql_server.telemetry.metrics import STORE_SECONDS
from gql_server.telemetry.spans import Span
from gql_server.telemetry.timing import Stopwatch
from gql_server.telemetry.tracing import span

P = ParamSpec("P")
T = TypeVar("T")
Method = Callable[P, Coroutine[Any, Any, T]]


def measured(operation: str) -> Callable[[Method[P, T]], Method[P, T]]:
    """Return a decorator for the method that carries out an operation of a store."""
    stopwatch = _stopwatch(operation)

    def decorated(call: Method[P, T]) -> Method[P, T]:
        @wraps(call)
        async def carry_out(*args: P.args, **kwargs: P.kwargs) -> T:
            with span(Span.STORE, gql_server__operation=operation), stopwatch.running():
                return await call(*args, **kwargs)

        return carry_out

    return decorated


def _stopwatch(operation: str) -> Stopwatch:
    return Stopwatch(
        STORE_SECONDS,
        operation,
        outcomes={StoreUnavailable: "unavailable", StoreMisconfigured: "misconfigured"},
        otherwise="error",
    )
