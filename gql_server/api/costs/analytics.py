"""Reports of what images cost."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Final

import strawberry

from gql_server.api.budgets.types import MAX_BUDGETS_OF_PAYER, Budget, budget_from
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.enums import domain_member
from gql_server.api.models.types import Model
from gql_server.api.pages import check_limit, limit_description
from gql_server.api.templates.types import Template, template_from
from gql_server.database.queries.rollups import Grouping, Totals
from gql_server.domain.money import to_dollars, to_neurons
from gql_server.graphql.execution.weights import LIST_LIMIT, ListLimit, list_size
from gql_server.ledger.budgets.budgets import tightest
from gql_server.ledger.reports.analytics import CostReport
from gql_server.ledger.reports.periods import MAX_PERIODS, Interval

_GROUPS: Final = ListLimit(default=100, maximum=1_000)
_PERIODS: Final = ListLimit(default=1_000, maximum=MAX_PERIODS)

GroupLimit = Annotated[int, strawberry.argument(description=limit_description("entries", _GROUPS))]


@described
@strawberry.enum
class TimelineInterval(Enum):
    """Length of a timeline's periods."""

    HOUR = strawberry.enum_value(Interval.HOUR, description="Hours.")
    DAY = strawberry.enum_value(Interval.DAY, description="Calendar days.")
    WEEK = strawberry.enum_value(Interval.WEEK, description="Weeks that start on Monday.")
    MONTH = strawberry.enum_value(Interval.MONTH, description="Calendar months.")


@described
@strawberry.interface
class Costs:
    """Totals of costs.

    Manual adjustments are included.
    """

    total_cost: float = strawberry.field(description="Amount charged to users, in US dollars.")
    total_images: int = strawberry.field(description="Number of images charged.")
    average_cost: float = strawberry.field(
        description="Average cost of an image, in US dollars. 0 without images."
    )
    provider_cost: float = strawberry.field(
        description="Amount billed by the provider, in US dollars."
    )
    neurons: float = strawberry.field(description="Usage counted by the provider, in neurons.")


@described
@strawberry.type
class CostTotals(Costs):
    """Costs of a time range."""


@described
@strawberry.type
class ModelCosts(Costs):
    """Costs of one model."""

    model: Model | None = strawberry.field(
        description="The model. Null for adjustments of an account as a whole."
    )


@described
@strawberry.type
class TemplateCosts(Costs):
    """Costs of one template."""

    template_id: strawberry.ID | None = strawberry.field(
        description="ID of the template. Null for images generated without one."
    )

    @strawberry.field(
        description="The template. Null for images generated without one, and when "
        "it has been deleted."
    )
    async def template(self, info: Info) -> Template | None:
        """Load the template, together with its siblings'."""
        if self.template_id is None:
            return None
        row = await info.context.loaders.templates.load(self.template_id)
        return template_from(info.context, row) if row is not None else None


@described
@strawberry.type
class UserCosts(Costs):
    """Costs of one user."""

    user_id: strawberry.ID = strawberry.field(description="ID of the user.")


@described
@strawberry.type
class CostPeriod(Costs):
    """Costs of one period of a timeline."""

    starts_at: datetime = strawberry.field(description="Start of the period.")
    ends_at: datetime = strawberry.field(description="End of the period, exclusive.")


@described
@strawberry.type
class CostAnalytics:
    """Costs of the caller's images, or of everyone's for admins, including deleted images.

    While the server draws previews, previews are counted; with real models, only their images
    are. The time range is widened to whole quarter hours.
    """

    since: datetime | None = strawberry.field(
        description="Start of the time range. Null when it is unbounded."
    )
    until: datetime | None = strawberry.field(
        description="End of the time range, exclusive. Null when it ends now."
    )
    report: strawberry.Private[CostReport]

    @strawberry.field(description="Amount charged to users, in US dollars.")
    async def total_cost(self) -> float:
        """Return the sum."""
        return to_dollars((await self._totals()).amount)

    @strawberry.field(description="Number of images charged.")
    async def total_images(self) -> int:
        """Return the sum."""
        return (await self._totals()).images

    @strawberry.field(description="Average cost of an image, in US dollars. 0 without images.")
    async def average_cost(self) -> float:
        """Return the sum."""
        return to_dollars((await self._totals()).average)

    @strawberry.field(description="Amount billed by the provider, in US dollars.")
    async def provider_cost(self) -> float:
        """Return the sum."""
        return to_dollars((await self._totals()).provider_cost)

    @strawberry.field(description="Usage counted by the provider, in neurons.")
    async def neurons(self) -> float:
        """Return the sum."""
        return to_neurons((await self._totals()).neurons)

    @strawberry.field(description="Costs by model, highest first.", metadata={LIST_LIMIT: _GROUPS})
    async def by_model(self, info: Info, limit: GroupLimit = _GROUPS.default) -> list[ModelCosts]:
        """Sum up by model."""
        found = await self._totals_by(Grouping.MODEL, limit)
        return [
            ModelCosts(model=info.context.models[model_id] if model_id else None, **_shape(totals))
            for model_id, totals in found.items()
        ]

    @strawberry.field(
        description="Costs by template, highest first.", metadata={LIST_LIMIT: _GROUPS}
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

    @strawberry.field(description="Costs by user, highest first.", metadata={LIST_LIMIT: _GROUPS})
    async def by_user(self, limit: GroupLimit = _GROUPS.default) -> list[UserCosts]:
        """Sum up by user."""
        found = await self._totals_by(Grouping.USER, limit)
        return [
            UserCosts(user_id=strawberry.ID(user_id), **_shape(totals))
            for user_id, totals in found.items()
        ]

    @strawberry.field(
        description="Costs by period, including periods without costs. The first and last "
        "periods count only what lies in the time range.",
        metadata={LIST_LIMIT: _PERIODS},
    )
    async def timeline(
        self,
        interval: Annotated[
            TimelineInterval,
            strawberry.argument(description="Length of each period. Defaults to `DAY`."),
        ] = TimelineInterval.DAY,
        time_zone: Annotated[
            str,
            strawberry.argument(
                description="IANA time zone whose midnights start the periods, such as "
                "`Europe/Berlin`. Defaults to `UTC`."
            ),
        ] = "UTC",
        limit: Annotated[
            int,
            strawberry.argument(
                description=f"{limit_description('periods', _PERIODS)} A timeline that would have "
                "more is an error. The limit counts towards the operation's cost."
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
        description="Totals of the preceding time range of the same length. Null without `since`."
    )
    async def previous(self) -> CostTotals | None:
        """Sum up the time range before."""
        totals = await self.report.previous()
        return CostTotals(**_shape(totals)) if totals is not None else None

    @strawberry.field(
        description="Projected cost of the current month (UTC) at the rate so far, in US dollars."
    )
    async def projected_month_cost(self) -> float:
        """Project the month."""
        return to_dollars(await self.report.projected_month())

    @strawberry.field(
        description="The caller's budget that will run out first: hard before soft, then "
        "the one with the least remaining. Null when no budget applies."
    )
    async def budget(self, info: Info) -> Budget | None:
        """Return the tightest budget."""
        state = tightest(await info.context.budgets())
        return budget_from(info, state) if state is not None else None

    @strawberry.field(
        description="Every budget that applies to the caller: the server's, the user's and "
        "the API key's.",
        metadata=list_size(MAX_BUDGETS_OF_PAYER),
    )
    async def budgets(self, info: Info) -> list[Budget]:
        """Return every budget."""
        return [budget_from(info, state) for state in await info.context.budgets()]

    async def _totals_by(self, by: Grouping, limit: int) -> Mapping[str, Totals]:
        check_limit(limit, _GROUPS)
        return await self.report.totals_by(by, limit=limit)

    async def _totals(self) -> Totals:
        return await self.report.totals()


def _shape(totals: Totals) -> dict[str, Any]:
    return {
        "total_cost": to_dollars(totals.amount),
        "total_images": totals.images,
        "average_cost": to_dollars(totals.average),
        "provider_cost": to_dollars(totals.provider_cost),
        "neurons": to_neurons(totals.neurons),
    }
