"""Costs of images."""

from typing import Annotated, Any

from fastapi import Query

from gql_server.database.queries.rollups import Grouping, Totals
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.generation.costs import cost_report
from gql_server.rest.context import ContextOfRequest
from gql_server.rest.schemas.fields import (
    FLUX,
    MOMENT_EXAMPLE,
    Answer,
    GivenMoment,
    Moment,
    described,
)


class Costs(Answer):
    """Totals of costs, including deleted images."""

    total_cost: float = described("Amount charged to users, in US dollars.", 0.03)
    total_images: int = described("Number of images charged.", 3)
    average_cost: float = described(
        "Average cost of an image, in US dollars. 0 without images.", 0.01
    )
    provider_cost: float = described("Amount billed by the provider, in US dollars.", 0.0019)
    neurons: float = described("Usage counted by the provider, in Cloudflare's neurons.", 172.8)


class ModelCosts(Costs):
    """Costs of one model."""

    model: str | None = described(
        "ID of the model. Null for adjustments of an account as a whole.", FLUX
    )


class CostAnalytics(Costs):
    """Costs of the caller's images. Admins see everyone's."""

    since: Moment | None = described(
        "Start of the time range. Null when it is unbounded.", MOMENT_EXAMPLE
    )
    until: Moment | None = described(
        "End of the time range, exclusive. Null when it ends now.", MOMENT_EXAMPLE
    )
    by_model: list[ModelCosts] = described("Costs by model, highest first.", [])


async def get_costs(
    context: ContextOfRequest,
    since: Annotated[
        GivenMoment | None,
        Query(
            description="Include only charges at or after this time. No start when omitted.",
            examples=[MOMENT_EXAMPLE],
        ),
    ] = None,
    until: Annotated[
        GivenMoment | None,
        Query(
            description="Include only charges before this time. Until now when omitted.",
            examples=["2026-02-01T00:00:00.000Z"],
        ),
    ] = None,
) -> CostAnalytics:
    """Return the costs of the caller's images."""
    report = cost_report(context.services, context.principal, since=since, until=until)
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
