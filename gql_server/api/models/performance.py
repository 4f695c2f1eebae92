"""How a model does here."""

from datetime import datetime, timedelta
from typing import Annotated, Final

import strawberry

from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.loaders import ModelSince
from gql_server.domain.clock import now
from gql_server.ledger.reports.performance import DEFAULT_PERIOD, Performance, performance_start

_MIN_WINDOW: Final = timedelta(days=1)
_MIN_GENERATIONS: Final = 20
"""Fewer than these would say what single users do."""

Since = Annotated[
    datetime | None,
    strawberry.argument(
        description="Start of the measured period, rounded down to the hour (UTC). Defaults to "
        f"{DEFAULT_PERIOD.days} days ago. For callers who are not admins the period covers at "
        "least a day."
    ),
]


@described
@strawberry.type
class ModelPerformance:
    """Performance of a model on this server, over all users, including deleted images.

    While the server draws previews, these are the figures of previews.
    """

    since: datetime = strawberry.field(description="Start of the measured period.")
    images: int | None = strawberry.field(
        description="Number of images generated. Null unless the caller is an admin."
    )
    failures: int | None = strawberry.field(
        description="Number of generations for which the model or its provider returned no "
        "image after all attempts. Excludes requests refused by this server, "
        "refused prompts and images that could not be stored. Null unless the "
        "caller is an admin."
    )
    refusals: int | None = strawberry.field(
        description="Number of prompts refused by the model's safety filter. Not counted as"
        " failures. Null unless the caller is an admin."
    )
    success_rate: float | None = strawberry.field(
        description="Fraction of generations that succeeded, from 0 to 1: `images / (images"
        " + failures)`. Null when both are 0. For callers who are not admins it"
        " is rounded to 0.01, and null below 20 generations."
    )
    median_seconds: float | None = strawberry.field(
        description="Median generation time in seconds, accurate to about 2.5 percent. Null"
        " without images."
    )
    p95_seconds: float | None = strawberry.field(
        description="95th percentile of the generation time in seconds, accurate to about "
        "2.5 percent. Null without images."
    )


async def model_performance(info: Info, model_id: str, since: datetime | None) -> ModelPerformance:
    """Report the performance of a model, loaded together with that of its siblings."""
    is_admin = info.context.is_admin
    start = performance_start(since)
    if not is_admin:
        start = min(start, performance_start(now() - _MIN_WINDOW))
    found = await info.context.loaders.performance.load(ModelSince(model_id, start))
    is_shown = is_admin or found.images + found.failures >= _MIN_GENERATIONS
    rate = found.success_rate if is_shown else None
    return ModelPerformance(
        since=start,
        images=found.images if is_admin else None,
        failures=found.failures if is_admin else None,
        refusals=found.refusals if is_admin else None,
        # An exact ratio would say of how many.
        success_rate=rate if rate is None or is_admin else round(rate, 2),
        median_seconds=_seconds(found, 0.5) if is_shown else None,
        p95_seconds=_seconds(found, 0.95) if is_shown else None,
    )


def _seconds(performance: Performance, share: float) -> float | None:
    seconds = performance.seconds(share)
    return float(f"{seconds:.3g}") if seconds is not None else None
