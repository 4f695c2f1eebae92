"""The metrics of a process when they are requested: what it counted, and what is true now."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog
from cachetools import Cache
from prometheus_client.metrics_core import Metric

from gql_server import __version__
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.shared_state import SharedState, read_shared_state
from gql_server.database.queries.store_audits import AuditPurpose, find_store_audit
from gql_server.database.records.store_audits import StoreAuditRecord
from gql_server.domain.clock import now
from gql_server.generation.services import Services
from gql_server.jobs.depths import Depth
from gql_server.ledger.audit.store_report import StoreReport
from gql_server.telemetry import gauges
from gql_server.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

_KEPT_SECONDS: Final = 5.0
"""How long what all processes share is cached: several scrapers cost no more than one."""

_READ_SECONDS: Final = 3.0


class CountedCache(Protocol):
    """A cache that counts its reads."""

    hits: int
    misses: int

    @property
    def cache(self) -> Cache[Any, Any]:
        """The cache."""


@dataclass(slots=True)
class Observed:
    """What a process has beside its services.

    Attributes:
        counts: What is open, by the gauge that shows it.
        caches: The caches by name.
        counted_caches: The caches that count their reads, by name.
    """

    counts: dict[gauges.Gauge, Callable[[], int]] = field(default_factory=dict)
    caches: dict[str, Cache[Any, Any]] = field(default_factory=dict)
    counted_caches: dict[str, CountedCache] = field(default_factory=dict)


class ProcessMetrics:
    """Collects the metrics of one process."""

    def __init__(self, services: Services, observed: Observed | None = None) -> None:
        """Take the services, and what else the process has."""
        self._services = services
        self._observed = observed or Observed()
        self._is_reading = asyncio.Lock()
        self._read_at = float("-inf")
        self._shared: _Shared | None = None

    async def collect(self) -> Sequence[Metric]:
        """Return every metric.

        What all processes share is read by a few statements, at most every five seconds; if the
        database does not answer within three, those metrics are missing.
        """
        shared = await self._read_shared()
        found = [*REGISTRY.collect()]
        found += self._of_process()
        found += _of_all_processes(shared)
        return found

    async def _read_shared(self) -> "_Shared | None":
        async with self._is_reading:
            if time.monotonic() - self._read_at > _KEPT_SECONDS:
                self._shared = await self._shared_now()
                self._read_at = time.monotonic()
            return self._shared

    async def _shared_now(self) -> "_Shared | None":
        try:
            async with asyncio.timeout(_READ_SECONDS):
                async with self._services.database.read() as connection:
                    state = await read_shared_state(connection)
                    sweep = await find_store_audit(connection, AuditPurpose.SWEEP)
                return _Shared(state, sweep, await self._services.jobs.depths())
        except (DatabaseUnavailable, TimeoutError) as error:
            log.warning("metrics_not_read", reason=repr(error))
            return None

    def _of_process(self) -> Iterator[Metric]:
        services, observed = self._services, self._observed
        labels = (__version__, services.database.engine.dialect.name)
        yield gauges.INFO.family({labels: 1})
        yield gauges.WATCHERS.at(services.progress.watchers)
        yield gauges.TOPICS.at(services.progress.topics)
        yield gauges.GENERATIONS.at(len(services.running))
        for gauge, count in observed.counts.items():
            yield gauge.at(count())
        pools = services.database.pools
        yield gauges.CONNECTIONS.family(
            {(name, "used"): pool.used for name, pool in pools.items()}
            | {(name, "idle"): pool.idle for name, pool in pools.items()}
        )
        yield gauges.CONNECTIONS_LIMIT.family({(name,): pool.limit for name, pool in pools.items()})
        yield from self._of_caches()

    def _of_caches(self) -> Iterator[Metric]:
        counted = self._observed.counted_caches
        caches = self._observed.caches | {name: one.cache for name, one in counted.items()}
        yield gauges.CACHE_ENTRIES.family({(name,): len(cache) for name, cache in caches.items()})
        yield gauges.CACHE_FILLED.family(
            {(name,): cache.currsize / cache.maxsize for name, cache in caches.items()}
        )
        yield gauges.CACHE_READS.family(
            {(name, "hit"): one.hits for name, one in counted.items()}
            | {(name, "miss"): one.misses for name, one in counted.items()}
        )


@dataclass(frozen=True, slots=True)
class _Shared:
    state: SharedState
    sweep: StoreAuditRecord | None
    depths: Sequence[Depth]


def _of_all_processes(shared: _Shared | None) -> Iterator[Metric]:
    yield gauges.SHARED_READ.at(shared is not None)
    if shared is None:
        return
    state = shared.state
    yield gauges.BATCHES.family({(name,): one.number for name, one in state.batches.items()})
    yield gauges.BATCH_AGE.family({(name,): one.age_seconds for name, one in state.batches.items()})
    yield gauges.BATCH_ITEMS.family(
        {("queued",): state.queued_items, ("running",): state.running_items}
    )
    yield gauges.JOBS.family({(one.kind, one.state): one.number for one in shared.depths})
    yield gauges.JOB_AGE.family(_job_ages(shared.depths))
    yield gauges.PROCESSES.at(state.processes.number)
    yield gauges.LEASE_AGE.at(state.processes.age_seconds)
    due, waiting = state.webhooks_due, state.webhooks_waiting
    yield gauges.WEBHOOKS.family({("due",): due.number, ("waiting",): waiting.number})
    yield gauges.WEBHOOK_AGE.at(due.age_seconds)
    yield gauges.REMOTE_IMAGES.at(state.remote_images.number)
    yield from _of_store(shared.sweep)


def _of_store(sweep: StoreAuditRecord | None) -> Iterator[Metric]:
    written = () if sweep is None else (sweep.report, sweep.last_report or {})
    rounds = [StoreReport.from_json(one) for one in written]
    counts = {
        "missing": [one.missing.count for one in rounds],
        "damaged": [one.damaged.count for one in rounds],
        "orphan": [one.orphans.count for one in rounds],
        "marked": [one.known for one in rounds],
    }
    yield gauges.STORE_DIFFERENCES.family(
        {(kind,): max(found, default=0) for kind, found in counts.items()}
    )
    age = 0.0 if sweep is None else (now() - sweep.updated_at).total_seconds()
    yield gauges.STORE_COMPARED_AGE.at(max(0.0, age))


def _job_ages(depths: Sequence[Depth]) -> Mapping[tuple[str], float]:
    present = time.time()
    return {
        (one.kind,): 0.0 if one.oldest_at is None else max(0.0, present - one.oldest_at)
        for one in depths
        if one.state == "enqueued"
    }
