"""How a model does here."""

from datetime import datetime
from typing import Annotated

import strawberry

from gql_server.api.context import Info, ModelSince
from gql_server.ledger.reports.performance import Performance, performance_start

Since = Annotated[
    datetime | None,
    strawberry.argument(
        description="Count what ended in the hour (of UTC) of this moment or later. Left out: "
        "the last 30 days, and today."
    ),
]


@strawberry.type(
    description="How a model did on this server, for all of its users. Deleted images count too. "
    "While the server draws previews these are the previews'."
)
class ModelPerformance:
    """How a model did on this server."""

    since: datetime = strawberry.field(description="From when on is counted.")
    images: int = strawberry.field(description="How many pictures it made.")
    failures: int = strawberry.field(
        description="How often it was asked and brought no picture, by its own fault or its "
        "provider's, after all attempts. Not counted: what this server refused before it asked, "
        "refused prompts, and pictures that could not be kept."
    )
    refusals: int = strawberry.field(
        description="How many prompts its safety filter refused; they are no failures."
    )
    success_rate: float | None = strawberry.field(
        description="`images` among `images` and `failures`, from 0 to 1; none when both are 0."
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
    """Tell how a model did, together with the others that are asked about."""
    start = performance_start(since)
    found = await info.context.model_performance.load(ModelSince(model_id, start))
    return ModelPerformance(
        since=start,
        images=found.images,
        failures=found.failures,
        refusals=found.refusals,
        success_rate=found.success_rate,
        median_seconds=_told(found, 0.5),
        p95_seconds=_told(found, 0.95),
    )


def _told(performance: Performance, share: float) -> float | None:
    seconds = performance.seconds(share)
    return float(f"{seconds:.3g}") if seconds is not None else None
