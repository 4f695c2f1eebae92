"""What pictures cost and would cost."""

from datetime import datetime
from typing import Annotated

import strawberry

from gql_server.api.context import Info
from gql_server.api.errors import REPORTABLE, UserError, user_errors
from gql_server.api.models import Model
from gql_server.api.parameters import GenerateImageInput, picture_request
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.generation.estimates import estimate_cost
from gql_server.ledger.analytics import cost_report

Since = Annotated[
    datetime | None, strawberry.argument(description="Count what was charged at or after this.")
]
Until = Annotated[
    datetime | None, strawberry.argument(description="Count what was charged before this.")
]


@strawberry.type(description="What one model's pictures cost.")
class ModelCosts:
    """What one model's pictures cost."""

    model: Model = strawberry.field(description="The model.")
    total_cost: float = strawberry.field(description="What users were charged, in US dollars.")
    total_images: int = strawberry.field(description="How many pictures were charged.")
    average_cost: float = strawberry.field(
        description="What a picture cost on average, in US dollars."
    )
    provider_cost: float = strawberry.field(description="What the provider bills, in US dollars.")
    neurons: float = strawberry.field(description="What the provider counts, in neurons.")


@strawberry.type(
    description="What the caller's pictures cost; deleted ones too, for they were paid. While the "
    "server makes previews, previews are counted; with real models, theirs alone."
)
class CostAnalytics:
    """What the caller's pictures cost."""

    since: datetime | None = strawberry.field(description="From when on; none: from the start.")
    until: datetime | None = strawberry.field(description="Before when; none: until now.")
    total_cost: float = strawberry.field(description="What users were charged, in US dollars.")
    total_images: int = strawberry.field(description="How many pictures were charged.")
    average_cost: float = strawberry.field(
        description="What a picture cost on average, in US dollars; 0 when there are none."
    )
    provider_cost: float = strawberry.field(description="What the provider bills, in US dollars.")
    neurons: float = strawberry.field(description="What the provider counts, in neurons.")
    by_model: list[ModelCosts] = strawberry.field(description="By model, the costliest first.")


@strawberry.input(one_of=True, description="What to estimate: exactly one of the fields.")
class CostEstimateInput:
    """What to estimate."""

    image: strawberry.Maybe[GenerateImageInput] = strawberry.field(
        description="One picture, as generateImage would take it."
    )


@strawberry.type(description="What a request would cost, exactly, at the prices of this moment.")
class CostEstimate:
    """What a request would cost."""

    cost: float = strawberry.field(description="What its user would be charged, in US dollars.")
    provider_cost: float = strawberry.field(
        description="What the provider would bill, in US dollars."
    )
    neurons: float = strawberry.field(description="What the provider would count, in neurons.")


@strawberry.type(description="The estimate, or what would keep the request from being accepted.")
class CostEstimatePayload:
    """The estimate, or what would keep the request from being accepted."""

    estimate: CostEstimate | None = strawberry.field(
        description="The estimate; none when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Everything that is wrong with the request, at once."
    )


async def cost_analytics(
    info: Info, since: datetime | None, until: datetime | None
) -> CostAnalytics:
    """Report what the caller's pictures cost.

    Raises:
        InvalidInput: The span ends before it begins.
    """
    context = info.context
    report = await cost_report(
        context.parts.database,
        user_id=context.principal.user_id,
        is_preview=context.parts.generator.is_preview,
        since=since,
        until=until,
    )
    return CostAnalytics(
        since=report.since,
        until=report.until,
        total_cost=to_dollars(report.amount),
        total_images=report.images,
        average_cost=_average(report.amount, report.images),
        provider_cost=to_dollars(report.provider_cost),
        neurons=to_neurons(report.neurons),
        by_model=[
            ModelCosts(
                model=context.models[totals.model_id],
                total_cost=to_dollars(totals.amount),
                total_images=totals.images,
                average_cost=_average(totals.amount, totals.images),
                provider_cost=to_dollars(totals.provider_cost),
                neurons=to_neurons(totals.neurons),
            )
            for totals in report.by_model
        ],
    )


async def cost_estimate(info: Info, source: CostEstimateInput) -> CostEstimatePayload:
    """Estimate a request."""
    context = info.context
    assert source.image is not None  # noqa: S101 - @oneOf has seen to it
    try:
        price = await estimate_cost(
            context.parts, context.principal, picture_request(source.image.value)
        )
    except REPORTABLE as error:
        return CostEstimatePayload(estimate=None, user_errors=user_errors(error))
    estimate = CostEstimate(
        cost=to_dollars(price.cost),
        provider_cost=to_dollars(price.provider_cost),
        neurons=to_neurons(price.neurons),
    )
    return CostEstimatePayload(estimate=estimate, user_errors=[])


def _average(amount: int, images: int) -> float:
    return to_dollars(round(amount / images)) if images else 0.0
