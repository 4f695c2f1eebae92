"""What a process counts, each metric defined once; docs/metrics.md is generated from here."""

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from gql_server.telemetry.loop_metrics import LoopCounter, LoopHistogram

# They are a series for each series, with the time at which it was first counted.
disable_created_metrics()  # type: ignore[no-untyped-call]  # its package does not type it

REGISTRY: Final = CollectorRegistry()
"""What this process counts."""

_PREFIX: Final = "gql_server"
_SHORT: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LONG: Final = (0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300)


def _counter(name: str, description: str, *labels: str) -> Counter:
    return Counter(name, description, labels, namespace=_PREFIX, registry=REGISTRY)


def _histogram(
    name: str, description: str, *labels: str, buckets: tuple[float, ...] = _SHORT
) -> Histogram:
    return Histogram(
        name, description, labels, namespace=_PREFIX, buckets=buckets, registry=REGISTRY
    )


def _loop_counter(name: str, description: str, *labels: str) -> LoopCounter:
    return LoopCounter(f"{_PREFIX}_{name}", description, labels, REGISTRY)


def _loop_histogram(name: str, description: str, *labels: str) -> LoopHistogram:
    return LoopHistogram(f"{_PREFIX}_{name}", description, labels, REGISTRY, bounds=_SHORT)


REQUESTS: Final = _loop_counter(
    "requests",
    "HTTP requests and WebSocket handshakes, by API, operation, the caller's role and the status "
    "of the response. 499: the client disconnected first.",
    *("api", "operation", "role", "status"),
)
REQUEST_SECONDS: Final = _loop_histogram(
    "request_seconds",
    "Seconds from the arrival of an HTTP request to the start of its response.",
    *("api", "operation"),
)
OPERATIONS: Final = _loop_counter(
    "operations",
    "GraphQL operations that were admitted, over HTTP and over WebSockets.",
    *("operation", "type"),
)
OPERATION_COST: Final = _loop_counter(
    "operation_cost",
    "Estimated cost of the GraphQL operations that were admitted. A subscription counts 0; its "
    "events are deducted from the caller's allowance one by one.",
    *("operation", "type"),
)
OPERATION_ERRORS: Final = _counter(
    "operation_errors",
    "Errors in the responses of GraphQL operations, by code. Invalid input is not among them: it "
    "is in `userErrors`.",
    "code",
)
MODEL_CALL_SECONDS: Final = _histogram(
    "model_call_seconds",
    "Seconds that calls of a model took, without any waiting before the call. Each attempt is a "
    "call of its own. `outcome` is `ok`, the cause of a failure (`caller`, `operator`, `service`, "
    "`prompt`, `picture`, `allocation` or `credits`), `canceled` or `error`.",
    *("model", "outcome"),
    buckets=_LONG,
)
MODEL_WAIT_SECONDS: Final = _histogram(
    "model_wait_seconds",
    "Seconds that calls of a model waited for a free slot and for the provider's rate limit. "
    "`for` is `request` or `batch`.",
    *("model", "for"),
    buckets=_LONG,
)
IMAGES: Final = _counter(
    "images",
    "Images that were generated, stored and charged.",
    *("model", "preview"),
)
CHARGED_DOLLARS: Final = _counter(
    "charged_dollars",
    "US dollars charged to users, as floating-point numbers; the ledger has the exact amounts.",
    *("model", "preview"),
)
BILLED_DOLLARS: Final = _counter(
    "billed_dollars",
    "US dollars that the provider bills for the stored images, by the price book.",
    *("model", "preview"),
)
BATCH_ITEMS_FINISHED: Final = _counter(
    "batch_items_finished",
    "Items of batches that this process completed, by outcome: `succeeded` or `failed`.",
    "outcome",
)
IMAGES_PURGED: Final = _counter(
    "images_purged",
    "Images that were purged, by reason: `request` or `retention`.",
    "reason",
)
RETENTION_ERASED: Final = _counter(
    "retention_erased",
    "Objects that were erased because of their age, by kind: `deleted images`, `images`, "
    "`uploads`, `requests` or `webhooks`.",
    "kind",
)
DATABASE_SECONDS: Final = _loop_histogram(
    "database_seconds",
    "Seconds that units of work on the database took, including the wait for a connection. `use` "
    "is `read`, `write`, or `page` for a single statement; `outcome` is `ok`, `unavailable` or "
    "`rolled_back`.",
    *("use", "outcome"),
)
STORE_SECONDS: Final = _histogram(
    "store_seconds",
    "Seconds that operations on the store took, retries included. `outcome` is `ok`, "
    "`unavailable`, `misconfigured` or `error`.",
    *("operation", "outcome"),
)
WEBHOOK_DELIVERIES: Final = _counter(
    "webhook_deliveries",
    "Attempts to deliver a webhook, by outcome: `delivered`, `retried`, or `failed` for the last "
    "one.",
    "outcome",
)
WEBHOOK_SECONDS: Final = _histogram(
    "webhook_seconds", "Seconds that receivers of webhooks took to respond.", buckets=_SHORT
)
WEBSOCKET_MESSAGES: Final = _loop_counter("websocket_messages", "Messages sent over WebSockets.")
CLIENTS_DROPPED: Final = _counter(
    "clients_dropped", "Connections ended because the client did not read its data."
)

PROCESS: Final = ProcessCollector(registry=REGISTRY)
