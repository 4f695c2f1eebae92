"""Costs, budgets and the caller."""

from datetime import datetime
from decimal import Decimal

from gql_server.client.results.base import Result
from gql_server.client.results.images import ModelName


class CostEstimate(Result):
    """What a request would cost, in US dollars.

    Attributes:
        cost: Amount that would be charged.
        provider_cost: Amount that the provider would bill.
        is_maximum: Whether the amounts are the maximum, because the provider counts tokens.
        neurons: Usage that the provider would count.
    """

    cost: Decimal
    provider_cost: Decimal
    is_maximum: bool
    neurons: float


class CostTotals(Result):
    """Costs of a set of images, in US dollars."""

    total_cost: Decimal
    total_images: int
    average_cost: Decimal
    provider_cost: Decimal
    neurons: float


class ModelCosts(CostTotals):
    """Costs of a model. ``model`` is None for models that the server no longer knows."""

    model: ModelName | None


class UserCosts(CostTotals):
    """Costs of a user."""

    user_id: str


class CostPeriod(CostTotals):
    """Costs of a period of a timeline."""

    starts_at: datetime
    ends_at: datetime


class Costs(CostTotals):
    """Costs in a time range, with their parts.

    Attributes:
        since: Start of the range. None for the first charge.
        until: End of the range. None for now.
        projected_month_cost: Cost of the current month at the rate so far.
        by_model: Most expensive model first.
        by_user: Most expensive user first.
        timeline: Costs of each period, in order.
    """

    since: datetime | None
    until: datetime | None
    projected_month_cost: Decimal
    by_model: tuple[ModelCosts, ...]
    by_user: tuple[UserCosts, ...]
    timeline: tuple[CostPeriod, ...]


class Budget(Result):
    """A spending limit, in US dollars. Amounts of the server's budget are for admins only.

    Attributes:
        id: ID of the budget, ``bdg_…``.
        scope: ``SERVER``, ``USER`` or ``KEY``.
        period: ``DAILY`` or ``MONTHLY``.
        enforcement: ``HARD`` refuses what would exceed it, ``SOFT`` warns.
        limit: Maximum spending per period.
        spent: Amount charged in the period.
        reserved: Amount reserved for images being generated.
        remaining: Amount that can still be spent.
        resets_at: When the next period starts.
    """

    id: str
    scope: str
    period: str
    enforcement: str
    limit: Decimal | None
    spent: Decimal | None
    reserved: Decimal | None
    remaining: Decimal | None
    resets_at: datetime


class RateLimit(Result):
    """The caller's allowance, which refills continuously.

    Attributes:
        limit: Its maximum, in units of operation cost.
        remaining: What is left.
        refilled_per_second: How fast it refills.
        resets_at: When it is full again.
    """

    limit: int
    remaining: int
    refilled_per_second: int
    resets_at: datetime


class Viewer(Result):
    """The caller.

    Attributes:
        user_id: ID of the user. Everything the caller creates belongs to this user.
        role: ``READER``, ``CREATOR`` or ``ADMIN``.
        budgets: Every budget that applies.
        rate_limit: The rate limit. None when there is none.
    """

    user_id: str
    role: str
    budgets: tuple[Budget, ...]
    rate_limit: RateLimit | None
