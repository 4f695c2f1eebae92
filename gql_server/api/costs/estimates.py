"""What a request would cost."""

from collections.abc import Mapping
from typing import Any

import strawberry

from gql_server.api.batches.inputs import GenerateBatchInput, batch_request, batch_work
from gql_server.api.context import Info
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.images.parameters import GenerateImageInput, picture_request
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.batches.validation import estimate_batch
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.generation.estimates import estimate_cost


@strawberry.input(one_of=True, description="What to estimate: exactly one of the fields.")
class CostEstimateInput:
    """What to estimate."""

    image: strawberry.Maybe[GenerateImageInput] = strawberry.field(
        description="One picture, as generateImage would take it."
    )
    batch: strawberry.Maybe[GenerateBatchInput] = strawberry.field(
        description="A batch, as generateBatch would take it."
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
        description="Everything that is wrong with the request, at once.", metadata=ERROR_LIST
    )


def estimate_work(arguments: Mapping[str, Any]) -> int:
    """Return what an estimate costs beside its objects: as much as accepting the pictures."""
    wanted = arguments.get("input")
    batch = wanted.get("batch") if isinstance(wanted, dict) else None
    return batch_work({"input": batch})


async def cost_estimate(info: Info, source: CostEstimateInput) -> CostEstimatePayload:
    """Estimate a request."""
    parts, principal = info.context.parts, info.context.principal
    kind = "image" if source.image is not None else "batch"
    try:
        if source.image is not None:
            price = await estimate_cost(parts, principal, picture_request(source.image.value))
        else:
            assert source.batch is not None  # noqa: S101 - @oneOf has seen to it
            price = await estimate_batch(parts, principal, await batch_request(source.batch.value))
    except REPORTABLE as error:
        return CostEstimatePayload(
            estimate=None,
            user_errors=user_errors(error, under=("input", kind), sees_all=info.context.is_admin),
        )
    estimate = CostEstimate(
        cost=to_dollars(price.cost),
        provider_cost=to_dollars(price.provider_cost),
        neurons=to_neurons(price.neurons),
    )
    return CostEstimatePayload(estimate=estimate, user_errors=[])
