"""Queries of costs."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from gql_server.api.context import Info
from gql_server.api.costs.analytics import CostAnalytics
from gql_server.api.costs.estimates import (
    CostEstimateInput,
    CostEstimatePayload,
    cost_estimate,
    estimate_work,
)
from gql_server.api.described import described
from gql_server.domain.errors import Rejected
from gql_server.domain.text import list_errors
from gql_server.generation.costs import cost_report
from gql_server.graphql.execution.weights import WORK

MAX_IDS: Final = 100

Since = Annotated[
    datetime | None,
    strawberry.argument(
        description="Include only charges at or after this time, "
        "widened to whole quarter hours. No start when omitted."
    ),
]
Until = Annotated[
    datetime | None,
    strawberry.argument(
        description="Include only charges before this time, "
        "widened to whole quarter hours. Until now when omitted."
    ),
]


@described
@strawberry.input
class CostFilter:
    """Filters charges.

    Omitted fields do not filter.
    """

    models: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"Only charges for images of these models; at most {MAX_IDS}."
    )
    templates: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Only charges for images generated with these templates, `tpl_…`; at most "
        f"{MAX_IDS}.",
    )
    user_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=f"Only charges of these users; at most {MAX_IDS}. Only admins see charges of "
        "other users.",
    )


CostFilterArgument = Annotated[
    CostFilter | None, strawberry.argument(description="Filters the charges.")
]


@strawberry.type
class CostAnalyticsQueries:
    """The query field for the costs of images."""

    @strawberry.field(
        description="Costs of the caller's images, from the ledger. Admins see everyone's."
    )
    def cost_analytics(
        self,
        info: Info,
        since: Since = None,
        until: Until = None,
        filter: CostFilterArgument = None,
    ) -> CostAnalytics:
        """Return the report."""
        return _cost_analytics(info, since, until, filter)


@strawberry.type
class CostEstimateQueries:
    """The query field for the cost of a request."""

    @strawberry.field(
        description="Estimates the cost of a request and validates it. Nothing is spent. "
        "Counts towards the operation's cost by the number of images in the "
        "request.",
        metadata={WORK: estimate_work},
    )
    async def cost_estimate(
        self,
        info: Info,
        input: Annotated[
            CostEstimateInput, strawberry.argument(description="The request to estimate.")
        ],
    ) -> CostEstimatePayload:
        """Estimate a request."""
        return await cost_estimate(info, input)


def _cost_analytics(
    info: Info, since: datetime | None, until: datetime | None, where: CostFilter | None
) -> CostAnalytics:
    """Report the costs of the caller's images; each field is read when it is selected.

    Raises:
        InvalidInput: The span ends before it begins.
        Rejected: A list of the filter is too long, or an id is no text.
    """
    context = info.context
    fields = where or CostFilter()
    errors = [
        *list_errors(fields.models, path=("filter", "models"), limit=MAX_IDS),
        *list_errors(fields.templates, path=("filter", "templates"), limit=MAX_IDS),
        *list_errors(fields.user_ids, path=("filter", "user_ids"), limit=MAX_IDS),
    ]
    if errors:
        raise Rejected(errors)
    report = cost_report(
        context.services,
        context.principal,
        user_ids=fields.user_ids,
        model_ids=fields.models,
        template_ids=fields.templates,
        since=since,
        until=until,
    )
    return CostAnalytics(since=report.since, until=report.until, report=report)
