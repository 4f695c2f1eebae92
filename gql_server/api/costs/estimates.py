"""What a request would cost."""

from collections.abc import Mapping
from typing import Any

import strawberry

from gql_server.api.batches.inputs import GenerateBatchInput, batch_request, batch_work
from gql_server.api.batches.remake import RemakeImagesInput, batch_remake, remake_work
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.images.parameters import GenerateImageInput, image_request
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.batches.remake import estimate_remake
from gql_server.batches.validation import estimate_batch
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.generation.estimates import estimate_cost


@described
@strawberry.input(one_of=True)
class CostEstimateInput:
    """The request to estimate: exactly one of the fields."""

    image: strawberry.Maybe[GenerateImageInput] = strawberry.field(
        description="Input of `generateImage`."
    )
    batch: strawberry.Maybe[GenerateBatchInput] = strawberry.field(
        description="Input of `generateBatch`."
    )
    remake: strawberry.Maybe[RemakeImagesInput] = strawberry.field(
        description="Input of `remakeImages`."
    )


@described
@strawberry.type
class CostEstimate:
    """The cost of a request at current prices: exact, or a maximum."""

    cost: float = strawberry.field(
        description="Amount that would be charged, in US dollars. The maximum when `isMaximum` is "
        "true."
    )
    provider_cost: float = strawberry.field(
        description="Amount the provider would bill, in US dollars. The maximum when `isMaximum` "
        "is true."
    )
    is_maximum: bool = strawberry.field(
        description="Whether the amounts are the maximum, because the provider counts tokens, "
        "whose number is known only after generation."
    )
    neurons: float = strawberry.field(
        description="Usage the provider would count, in Cloudflare's neurons."
    )


@described
@strawberry.type
class CostEstimatePayload:
    """The estimate, or the errors that would prevent the request."""

    estimate: CostEstimate | None = strawberry.field(
        description="The estimate. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Every error in the request. Empty when the request succeeded.",
        metadata=ERROR_LIST,
    )


def estimate_work(arguments: Mapping[str, Any]) -> int:
    """Return the cost of an estimate beside its objects: as much as accepting the images."""
    source = arguments.get("input")
    given = source if isinstance(source, dict) else {}
    return batch_work({"input": given.get("batch")}) + remake_work({"input": given.get("remake")})


async def cost_estimate(info: Info, source: CostEstimateInput) -> CostEstimatePayload:
    """Estimate a request."""
    services, principal = info.context.services, info.context.principal
    kind = next(name for name, given in vars(source).items() if given is not None)
    try:
        if source.image is not None:
            price = await estimate_cost(services, principal, image_request(source.image.value))
        elif source.batch is not None:
            price = await estimate_batch(
                services, principal, await batch_request(source.batch.value)
            )
        else:
            assert source.remake is not None  # noqa: S101 - @oneOf has seen to it
            price = await estimate_remake(services, principal, batch_remake(source.remake.value))
    except REPORTABLE as error:
        return CostEstimatePayload(
            estimate=None,
            user_errors=user_errors(
                error, under=("input", kind), shows_server_totals=info.context.is_admin
            ),
        )
    estimate = CostEstimate(
        cost=to_dollars(price.cost),
        provider_cost=to_dollars(price.provider_cost),
        neurons=to_neurons(price.neurons),
        is_maximum=price.is_maximum,
    )
    return CostEstimatePayload(estimate=estimate, user_errors=[])
