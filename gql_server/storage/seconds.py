"""How long a store takes, for the metrics."""

from gql_server.storage.store import StoreMisconfigured, StoreUnavailable
from gql_server.telemetry.metrics import STORE_SECONDS
from gql_server.telemetry.timing import Stopwatch


def measured(operation: str) -> Stopwatch:
    """Return a decorator for the method that carries out an operation of a store."""
    return Stopwatch(
        STORE_SECONDS,
        operation,
        outcomes={StoreUnavailable: "unavailable", StoreMisconfigured: "misconfigured"},
        otherwise="error",
    )
