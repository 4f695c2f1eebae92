"""What pictures cost."""

from typing import Annotated, Any

from fastapi import Query

from gql_server.database.queries.rollups import Grouping, Totals
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.generation.costs import cost_report
from gql_server.rest.context import ContextOfRequest
from gql_server.rest.fields import (
    FLUX,
    MOMENT_EXAMPLE,
    Answer,
    GivenMoment,
    Moment,
    described,
)


class Costs(Answer):
    """What some pictures cost; deleted ones too, for they were paid."""

    total_cost: float = described("What users were charged, in US dollars.", 0.03)
    total_images: int = described("How many pictures were charged.", 3)
    average_cost: float = described(
        "What a picture cost on average, in US dollars; 0 when there are none.", 0.01
    )
    provider_cost: float = described("What the provider bills, in US dollars.", 0.0019)
    neurons: float = described("What the provider counts, in Cloudflare's neurons.", 172.8)


class ModelCosts(Costs):
    """What one model's pictures cost."""

    model: str | None = described(
        "The id of the model; null: adjustments of an account as a whole.", FLUX
    )


class CostAnalytics(Costs):
    """What the caller's pictures cost, or everyone's for an admin."""

    since: Moment | None = described("From when on; null: from the start.", MOMENT_EXAMPLE)
    until: Moment | None = described("Before when; null: until now.", MOMENT_EXAMPLE)
    by_model: list[ModelCosts] = described("By model, the costliest first.", [])


async def get_costs(
    context: ContextOfRequest,
    since: Annotated[
        GivenMoment | None,
        Query(description="Count what was charged at or after this.", examples=[MOMENT_EXAMPLE]),
    ] = None,
    until: Annotated[
        GivenMoment | None,
        Query(
            description="Count what was charged before this.", examples=["2026-02-01T00:00:00.000Z"]
        ),
    ] = None,
) -> CostAnalytics:
    """Sum up what the caller's pictures cost."""
    report = cost_report(context.parts, context.principal, since=since, until=until)
    by_model = await report.totals_by(Grouping.MODEL)
    return CostAnalytics(
        **_sums(await report.totals()),
        since=report.since,
        until=report.until,
        by_model=[
            ModelCosts(model=model_id or None, **_sums(totals))
            for model_id, totals in by_model.items()
        ],
    )


def _sums(totals: Totals) -> dict[str, Any]:
    return {
        "total_cost": to_dollars(totals.amount),
        "total_images": totals.images,
        "average_cost": to_dollars(totals.average),
        "provider_cost": to_dollars(totals.provider_cost),
        "neurons": to_neurons(totals.neurons),
    }
