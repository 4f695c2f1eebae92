"""What pictures cost."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Final

import strawberry

from gql_server.api.budgets.types import MAX_BUDGETS_OF_PAYER, Budget, budget_from
from gql_server.api.connections import check_limit
from gql_server.api.context import Info
from gql_server.api.enums import domain_member
from gql_server.api.models.types import Model
from gql_server.api.templates.types import Template, template_from
from gql_server.database.queries.rollups import Grouping, Totals
from gql_server.domain.errors import Rejected
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.domain.text import list_faults
from gql_server.generation.costs import cost_report
from gql_server.graphql.execution.weights import LIST_LIMIT, ListLimit, list_size
from gql_server.ledger.budgets.budgets import tightest
from gql_server.ledger.reports.analytics import CostReport
from gql_server.ledger.reports.periods import MAX_PERIODS, Interval

_MOST_IDS: Final = 100
_GROUPS: Final = ListLimit(default=100, maximum=1_000)
_PERIODS: Final = ListLimit(default=1_000, maximum=MAX_PERIODS)

GroupLimit = Annotated[
    int, strawberry.argument(description="Maximum number of entries, 1 to 1,000.")
]

Since = Annotated[
    datetime | None, strawberry.argument(description="Count what was charged at or after this.")
]
Until = Annotated[
    datetime | None, strawberry.argument(description="Count what was charged before this.")
]


@strawberry.enum(description="How long the periods of a timeline are.")
class TimelineInterval(Enum):
    """How long the periods of a timeline are."""

    HOUR = strawberry.enum_value(Interval.HOUR, description="From hour to hour.")
    DAY = strawberry.enum_value(Interval.DAY, description="From midnight to midnight.")
    WEEK = strawberry.enum_value(Interval.WEEK, description="From Monday to Monday.")
    MONTH = strawberry.enum_value(Interval.MONTH, description="From first to first.")


@strawberry.interface(description="What some pictures cost; adjustments are in the sums.")
class Costs:
    """What some pictures cost."""

    total_cost: float = strawberry.field(description="What users were charged, in US dollars.")
    total_images: int = strawberry.field(description="How many pictures were charged.")
    average_cost: float = strawberry.field(
        description="What a picture cost on average, in US dollars; 0 when there are none."
    )
    provider_cost: float = strawberry.field(description="What the provider bills, in US dollars.")
    neurons: float = strawberry.field(description="What the provider counts, in neurons.")


@strawberry.type(description="What the pictures of a span of time cost.")
class CostTotals(Costs):
    """What the pictures of a span of time cost."""


@strawberry.type(description="What one model's pictures cost.")
class ModelCosts(Costs):
    """What one model's pictures cost."""

    model: Model | None = strawberry.field(
        description="The model; none: adjustments of an account as a whole."
    )


@strawberry.type(description="What the pictures of one template cost.")
class TemplateCosts(Costs):
    """What the pictures of one template cost."""

    template_id: strawberry.ID | None = strawberry.field(
        description="The template's id; none: pictures that were made without one."
    )

    @strawberry.field(description="The template, unless it was deleted.")
    async def template(self, info: Info) -> Template | None:
        """Load the template, together with its siblings'."""
        if self.template_id is None:
            return None
        facts = await info.context.template.load(self.template_id)
        return template_from(info.context, facts) if facts is not None else None


@strawberry.type(description="What one user's pictures cost.")
class UserCosts(Costs):
    """What one user's pictures cost."""

    user_id: strawberry.ID = strawberry.field(description="The user.")


@strawberry.type(description="What the pictures of one period of a timeline cost.")
class CostPeriod(Costs):
    """What the pictures of one period of a timeline cost."""

    starts_at: datetime = strawberry.field(description="When the period starts.")
    ends_at: datetime = strawberry.field(description="When it ends, and the next starts.")


@strawberry.type(
    description="What the caller's pictures cost, or everyone's for an admin; deleted ones too, "
    "for they were paid. While the server makes previews, previews are counted; with real models, "
    "theirs alone. A span is taken to whole quarters of an hour, outwards."
)
class CostAnalytics:
    """What the caller's pictures cost."""

    since: datetime | None = strawberry.field(description="From when on; none: from the start.")
    until: datetime | None = strawberry.field(description="Before when; none: until now.")
    report: strawberry.Private[CostReport]

    @strawberry.field(description="What users were charged, in US dollars.")
    async def total_cost(self) -> float:
        """Sum up."""
        return to_dollars((await self._totals()).amount)

    @strawberry.field(description="How many pictures were charged.")
    async def total_images(self) -> int:
        """Sum up."""
        return (await self._totals()).images

    @strawberry.field(
        description="What a picture cost on average, in US dollars; 0 when there are none."
    )
    async def average_cost(self) -> float:
        """Sum up."""
        return to_dollars((await self._totals()).average)

    @strawberry.field(description="What the provider bills, in US dollars.")
    async def provider_cost(self) -> float:
        """Sum up."""
        return to_dollars((await self._totals()).provider_cost)

    @strawberry.field(description="What the provider counts, in neurons.")
    async def neurons(self) -> float:
        """Sum up."""
        return to_neurons((await self._totals()).neurons)

    @strawberry.field(
        description="Costs by model, the most expensive first.", metadata={LIST_LIMIT: _GROUPS}
    )
    async def by_model(self, info: Info, limit: GroupLimit = _GROUPS.default) -> list[ModelCosts]:
        """Sum up by model."""
        found = await self._totals_by(Grouping.MODEL, limit)
        return [
            ModelCosts(model=info.context.models[model_id] if model_id else None, **_shape(totals))
            for model_id, totals in found.items()
        ]

    @strawberry.field(
        description="Costs by template, the most expensive first.", metadata={LIST_LIMIT: _GROUPS}
    )
    async def by_template(self, limit: GroupLimit = _GROUPS.default) -> list[TemplateCosts]:
        """Sum up by template."""
        found = await self._totals_by(Grouping.TEMPLATE, limit)
        return [
            TemplateCosts(
                template_id=strawberry.ID(template_id) if template_id else None, **_shape(totals)
            )
            for template_id, totals in found.items()
        ]

    @strawberry.field(
        description="Costs by user, the most expensive first.", metadata={LIST_LIMIT: _GROUPS}
    )
    async def by_user(self, limit: GroupLimit = _GROUPS.default) -> list[UserCosts]:
        """Sum up by user."""
        found = await self._totals_by(Grouping.USER, limit)
        return [
            UserCosts(user_id=strawberry.ID(user_id), **_shape(totals))
            for user_id, totals in found.items()
        ]

    @strawberry.field(
        description="Period by period, those with nothing too. The first and the last are counted "
        "as far as they lie in the span.",
        metadata={LIST_LIMIT: _PERIODS},
    )
    async def timeline(
        self,
        interval: Annotated[
            TimelineInterval, strawberry.argument(description="How long the periods are.")
        ] = TimelineInterval.DAY,
        time_zone: Annotated[
            str,
            strawberry.argument(
                description="Whose midnights count: an IANA name such as `Europe/Berlin`."
            ),
        ] = "UTC",
        limit: Annotated[
            int,
            strawberry.argument(
                description="Maximum number of periods, 1 to 10,000. A timeline that would have "
                "more is an error; it counts towards the operation's cost."
            ),
        ] = _PERIODS.default,
    ) -> list[CostPeriod]:
        """Sum up by period."""
        check_limit(limit, _PERIODS)
        periods = await self.report.timeline(
            domain_member(Interval, interval), time_zone, limit=limit
        )
        return [
            CostPeriod(starts_at=period.starts_at, ends_at=period.ends_at, **_shape(period.totals))
            for period in periods
        ]

    @strawberry.field(
        description="The span of the same length before this one, to compare with; none without "
        "`since`."
    )
    async def previous(self) -> CostTotals | None:
        """Sum up the span before."""
        totals = await self.report.previous()
        return CostTotals(**_shape(totals)) if totals is not None else None

    @strawberry.field(
        description="What the present month (in UTC) will cost if it goes on as until now, in US "
        "dollars."
    )
    async def projected_month_cost(self) -> float:
        """Project the month."""
        return to_dollars(await self.report.projected_month())

    @strawberry.field(
        description="The caller's budget that will be felt first: hard before soft, then the one "
        "with the least that is left; none when nothing bounds them."
    )
    async def budget(self, info: Info) -> Budget | None:
        """Tell the tightest budget."""
        state = tightest(await info.context.budgets())
        return budget_from(info, state) if state is not None else None

    @strawberry.field(
        description="Every budget that the caller's pictures are paid from: the server's, the "
        "user's and the API key's.",
        metadata=list_size(MAX_BUDGETS_OF_PAYER),
    )
    async def budgets(self, info: Info) -> list[Budget]:
        """Tell every budget."""
        return [budget_from(info, state) for state in await info.context.budgets()]

    async def _totals_by(self, by: Grouping, limit: int) -> Mapping[str, Totals]:
        check_limit(limit, _GROUPS)
        return await self.report.totals_by(by, limit=limit)

    async def _totals(self) -> Totals:
        return await self.report.totals()


@strawberry.input(description="Which charges are counted; what is left out does not narrow.")
class CostFilter:
    """Which charges are counted."""

    models: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of these models, at most 100."
    )
    templates: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of pictures made with these templates, at most 100."
    )
    user_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Of these users, at most 100; only an admin sees more than their own.",
    )


CostFilterArgument = Annotated[
    CostFilter | None, strawberry.argument(description="Which charges are counted.")
]


def cost_analytics(
    info: Info, since: datetime | None, until: datetime | None, where: CostFilter | None
) -> CostAnalytics:
    """Report what the caller's pictures cost; each field is read when it is asked for.

    Raises:
        InvalidInput: The span ends before it begins.
        Rejected: A list of the filter is too long, or an id is no text.
    """
    context = info.context
    wanted = where or CostFilter()
    faults = [
        *list_faults(wanted.models, path=("filter", "models"), most=_MOST_IDS),
        *list_faults(wanted.templates, path=("filter", "templates"), most=_MOST_IDS),
        *list_faults(wanted.user_ids, path=("filter", "user_ids"), most=_MOST_IDS),
    ]
    if faults:
        raise Rejected(faults)
    report = cost_report(
        context.parts,
        context.principal,
        user_ids=wanted.user_ids,
        model_ids=wanted.models,
        template_ids=wanted.templates,
        since=since,
        until=until,
    )
    return CostAnalytics(since=report.since, until=report.until, report=report)


def _shape(totals: Totals) -> dict[str, Any]:
    return {
        "total_cost": to_dollars(totals.amount),
        "total_images": totals.images,
        "average_cost": to_dollars(totals.average),
        "provider_cost": to_dollars(totals.provider_cost),
        "neurons": to_neurons(totals.neurons),
    }
