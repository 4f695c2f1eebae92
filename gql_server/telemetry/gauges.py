"""What is read when the metrics are requested; docs/metrics.md is generated from here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

LabelledValues = (
    Mapping[tuple[()], float] | Mapping[tuple[str], float] | Mapping[tuple[str, str], float]
)
"""Values by those of their labels."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A metric that is read when the metrics are requested.

    Attributes:
        name: Its full name.
        description: What it counts.
        labels: The names of its labels.
        is_counter: Whether it only grows, while the process lives.
    """

    name: str
    description: str
    labels: tuple[str, ...] = ()
    is_counter: bool = False

    def family(self, values: LabelledValues) -> Metric:
        """Return it with its values, by those of its labels."""
        kind = CounterMetricFamily if self.is_counter else GaugeMetricFamily
        found = kind(self.name, self.description, labels=self.labels)
        for labels, value in values.items():
            found.add_metric(labels, value)
        return found

    def at(self, value: float) -> Metric:
        """Return it with the only value of one without labels."""
        return self.family({(): value})


_gauges: list[Gauge] = []


def _gauge(name: str, description: str, *labels: str, is_counter: bool = False) -> Gauge:
    gauge = Gauge(f"gql_server_{name}", description, labels, is_counter)
    _gauges.append(gauge)
    return gauge


INFO: Final = _gauge(
    "info", "Always 1; the labels name the version and the database.", *("version", "database")
)
OPEN_REQUESTS: Final = _gauge("open_requests", "HTTP requests without a response yet.")
OPEN_BODY_BYTES: Final = _gauge(
    "open_body_bytes", "Bytes of the bodies of the requests that the process works on."
)
WEBSOCKETS: Final = _gauge("websockets", "Open WebSockets whose callers are authenticated.")
SUBSCRIPTIONS: Final = _gauge("subscriptions", "Open subscriptions.")
WATCHERS: Final = _gauge(
    "watchers", "Open watches of topics, one for each subscription and event stream."
)
TOPICS: Final = _gauge("topics", "Topics that are watched, such as a batch or a user's new images.")
GENERATIONS: Final = _gauge(
    "generations",
    "Images being generated for requests, including those whose client has disconnected.",
)
CACHE_ENTRIES: Final = _gauge("cache_entries", "Number of entries in a cache.", "cache")
CACHE_FILLED: Final = _gauge(
    "cache_filled_ratio", "Fraction of a cache's space that is used, from 0 to 1.", "cache"
)
CACHE_READS: Final = _gauge(
    "cache_reads",
    "Reads of a cache, by result: `hit` or `miss`.",
    *("cache", "result"),
    is_counter=True,
)
CONNECTIONS: Final = _gauge(
    "database_connections",
    "Open connections of a pool (`read`, `write` or `page`), by state: `used` or `idle`.",
    *("pool", "state"),
)
CONNECTIONS_LIMIT: Final = _gauge(
    "database_connections_limit", "Maximum number of connections of a pool.", "pool"
)
SHARED_READ: Final = _gauge(
    "shared_state_read",
    "Whether the metrics of all processes could be read from the database: 1 or 0. With 0, they "
    "are missing.",
)
BATCHES: Final = _gauge("batches", "Unfinished batches of all processes, by status.", "status")
BATCH_ITEMS: Final = _gauge(
    "batch_items", "Items of unfinished batches of all processes, by status.", "status"
)
BATCH_AGE: Final = _gauge(
    "batch_oldest_seconds", "Age of the oldest unfinished batch of a status, in seconds.", "status"
)
JOBS: Final = _gauge(
    "jobs",
    "Background jobs of all processes, by queue and state: `enqueued`, `delayed` or `pending` "
    "(running).",
    *("queue", "state"),
)
JOB_AGE: Final = _gauge(
    "job_oldest_seconds",
    "Age of the oldest job that waits in a queue, in seconds; 0 without one.",
    "queue",
)
PROCESSES: Final = _gauge("processes", "Processes that hold a lease.")
LEASE_AGE: Final = _gauge(
    "lease_oldest_seconds",
    "Seconds since the last heartbeat of the process that has been silent longest.",
)
WEBHOOKS: Final = _gauge(
    "webhooks",
    "Webhooks of all processes to deliver, by state: `due`, or `waiting` for a retry.",
    "state",
)
WEBHOOK_AGE: Final = _gauge(
    "webhook_oldest_due_seconds",
    "Time for which the longest overdue webhook has been due, in seconds; 0 without one.",
)
REMOTE_IMAGES: Final = _gauge(
    "remote_images", "Images that were paid for but not yet fetched from their provider."
)
STORE_DIFFERENCES: Final = _gauge(
    "store_differences",
    "Differences between the store and the database that the nightly comparison found in its last "
    "round or in the current one, whichever is more, by kind: `missing` or `damaged` files, "
    "`orphan` objects, and `marked` images and uploads, which are known to be missing.",
    "kind",
)
STORE_COMPARED_AGE: Final = _gauge(
    "store_compared_age_seconds",
    "Seconds since a part of the store was last compared with the database; 0 before the first "
    "time.",
)

GAUGES: Final = tuple(_gauges)
"""Every gauge."""
