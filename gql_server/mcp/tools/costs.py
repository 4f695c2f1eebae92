"""What images cost and would cost."""

from typing import Any

from gql_server.batches.validation import checking_cost, estimate_batch
from gql_server.database.queries.rollups import Grouping
from gql_server.database.queries.rollups import Totals as Sums
from gql_server.domain.errors import InvalidInput
from gql_server.domain.money import to_dollars
from gql_server.generation.costs import cost_report
from gql_server.generation.estimates import estimate_cost
from gql_server.mcp.context import Context
from gql_server.mcp.schemas.costs import (
    Costs,
    CostsArguments,
    Estimate,
    EstimateArguments,
    ModelCosts,
)
from gql_server.mcp.schemas.settings import request_from
from gql_server.mcp.tool import Outcome
from gql_server.mcp.tools.batches import batch_request


async def estimate(context: Context, given: EstimateArguments) -> Outcome:
    """Estimate an image or a batch."""
    services, principal = context.services, context.principal
    sources: dict[str, Any] = {
        "source_image_ids": tuple(given.source_image_ids or ()),
        "mask_image_id": given.mask_image_id,
    }
    if given.prompts is None:
        if given.images_per_prompt > 1:
            raise InvalidInput(
                "Several images are a batch: give prompts instead of prompt.",
                path=("images_per_prompt",),
            )
        request = request_from(given, given.prompt, max_cost=given.max_cost, **sources)
        price = await estimate_cost(services, principal, request)
    else:
        await context.spend(checking_cost(len(given.prompts), given.images_per_prompt))
        batch = await batch_request(
            given,
            given.prompts,
            images_per_prompt=given.images_per_prompt,
            max_cost=given.max_cost,
            **sources,
        )
        price = await estimate_batch(services, principal, batch)
    return Outcome(Estimate(cost=to_dollars(price.cost), is_maximum=price.is_maximum))


async def costs(context: Context, given: CostsArguments) -> Outcome:
    """Return the costs of the caller's images."""
    report = cost_report(context.services, context.principal, since=given.since, until=given.until)
    by_model = await report.totals_by(Grouping.MODEL)
    return Outcome(
        Costs(
            **_sums(await report.totals()),
            since=report.since,
            until=report.until,
            by_model=[
                ModelCosts(model=model_id or None, **_sums(totals))
                for model_id, totals in by_model.items()
            ],
        )
    )


def _sums(totals: Sums) -> dict[str, Any]:
    return {
        "total_cost": to_dollars(totals.amount),
        "total_images": totals.images,
        "average_cost": to_dollars(totals.average),
    }
