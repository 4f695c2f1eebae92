"""How a model does here."""

from datetime import datetime, timedelta
from typing import Annotated, Final

import strawberry

from gql_server.api.context import Info, ModelSince
from gql_server.domain.clock import now
from gql_server.ledger.reports.performance import Performance, performance_start

_MIN_WINDOW: Final = timedelta(days=1)
_MIN_GENERATIONS: Final = 20
"""Fewer than these would say what single users do."""

Since = Annotated[
    datetime | None,
    strawberry.argument(
        description="Count what ended in the hour (of UTC) of this moment or later. Left out: "
        "the last 30 days, and today. For callers who are no admins the window is a day or longer."
    ),
]


@strawberry.type(
    description="How a model did on this server, for all of its users. Deleted images count too. "
    "While the server draws previews these are the previews'."
)
class ModelPerformance:
    """How a model did on this server."""

    since: datetime = strawberry.field(description="From when on is counted.")
    images: int | None = strawberry.field(
        description="Number of pictures it made. Null unless the caller is an admin."
    )
    failures: int | None = strawberry.field(
        description="How often it was asked and brought no picture, by its own fault or its "
        "provider's, after all attempts. Not counted: what this server refused before it asked, "
        "refused prompts, and pictures that could not be kept. Null unless the caller is an admin."
    )
    refusals: int | None = strawberry.field(
        description="How many prompts its safety filter refused; they are no failures. Null unless "
        "the caller is an admin."
    )
    success_rate: float | None = strawberry.field(
        description="`images` among `images` and `failures`, from 0 to 1; none when both are 0. To "
        "callers who are no admins it is rounded to 0.01, and null below 20 generations."
    )
    median_seconds: float | None = strawberry.field(
        description="How long it took for half of the pictures at most, to some 2.5 percent; none "
        "without pictures."
    )
    p95_seconds: float | None = strawberry.field(
        description="How long it took for 95 of 100 pictures at most (the 95th percentile), to "
        "some 2.5 percent; none without pictures."
    )


async def model_performance(info: Info, model_id: str, since: datetime | None) -> ModelPerformance:
    """Report how a model did, together with the others that are asked about."""
    is_admin = info.context.is_admin
    start = performance_start(since)
    if not is_admin:
        start = min(start, performance_start(now() - _MIN_WINDOW))
    found = await info.context.model_performance.load(ModelSince(model_id, start))
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
