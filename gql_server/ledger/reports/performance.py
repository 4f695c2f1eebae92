"""The performance of models on this server: outcomes of generations, and seconds per image."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Final

import structlog

from gql_server.database.engine.engine import Database
from gql_server.database.queries.model_rollups import (
    Outcome,
    add_to_model_rollups,
    hour_of,
    model_rollups_of,
    seconds_of,
    sum_model_rollups,
)
from gql_server.database.queries.periods import day_of
from gql_server.domain.clock import now

log = structlog.get_logger(__name__)

DEFAULT_PERIOD: Final = timedelta(days=30)
"""The measured period of a request that names no start."""

_MAX_WAIT_SECONDS: Final = 2.0
"""Maximum wait for a failure to be counted before it is reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """The generations of a model in a time range.

    Attributes:
        images: Images that were generated and stored.
        failures: Generations without an image; retries of one generation count once.
        refusals: Prompts that the model's safety filter refused; they are not failures.
    """

    images: int = 0
    failures: int = 0
    refusals: int = 0
    _buckets: Mapping[int, int] = field(default_factory=dict)

    @property
    def success_rate(self) -> float | None:
        """Images as a fraction of images and failures, from 0 to 1; None without either."""
        ended = self.images + self.failures
        return self.images / ended if ended else None

    def seconds(self, share: float) -> float | None:
        """Return the seconds within which this share of the images was generated, to 2.5 percent.

        Args:
            share: Above 0 and up to 1; one half is the median.
        """
        rank = ceil(self.images * share)
        for bucket, images in sorted(self._buckets.items()):
            rank -= images
            if rank <= 0:
                return seconds_of(bucket)
        return None


def performance_start(since: datetime | None) -> datetime:
    """Return the start of the measured period: the start of an hour, or 30 days ago, in UTC."""
    moment = now()
    if since is None:
        return day_of(moment) - DEFAULT_PERIOD
    return hour_of(min(since, moment))


async def read_performance(
    database: Database, model_ids: Sequence[str], *, is_preview: bool, since: datetime
) -> dict[str, Performance]:
    """Read the performance of models since an hour, in one statement; includes unused models."""
    async with database.read() as connection:
        rows = await sum_model_rollups(connection, model_ids, is_preview=is_preview, since=since)
    ended: dict[str, Counter[Outcome]] = defaultdict(Counter)
    buckets: dict[str, dict[int, int]] = defaultdict(dict)
    for model_id, outcome, bucket, generations in rows:
        ended[model_id][outcome] += generations
        if outcome is Outcome.MADE:
            buckets[model_id][bucket] = generations
    return {
        model_id: Performance(
            images=ended[model_id][Outcome.MADE],
            failures=ended[model_id][Outcome.FAILED],
            refusals=ended[model_id][Outcome.REFUSED],
            _buckets=buckets[model_id],
        )
        for model_id in model_ids
    }


async def count_without_image(
    database: Database, model_id: str, outcome: Outcome, *, is_preview: bool
) -> None:
    """Count a generation without an image; an error in doing so is only logged."""
    rows = model_rollups_of(model_id, outcome, at=now(), is_preview=is_preview)
    try:
        async with asyncio.timeout(_MAX_WAIT_SECONDS), database.write() as connection:
            await add_to_model_rollups(connection, rows)
    except Exception as error:  # noqa: BLE001 - the failure that is counted matters more
        log.warning("failure_not_counted", model=model_id, outcome=outcome, reason=repr(error))
