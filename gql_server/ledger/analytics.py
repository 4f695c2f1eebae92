"""What was spent, read from the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gql_server.database.charges import ModelTotals, totals_by_model
from gql_server.database.engine import Database
from gql_server.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class CostReport:
    """Totals over a span of time; billionths of a dollar, thousandths of a neuron."""

    since: datetime | None
    until: datetime | None
    by_model: Sequence[ModelTotals]

    @property
    def images(self) -> int:
        """How many pictures were charged."""
        return sum(totals.images for totals in self.by_model)

    @property
    def amount(self) -> int:
        """What the users were charged."""
        return sum(totals.amount for totals in self.by_model)

    @property
    def provider_cost(self) -> int:
        """What the provider bills."""
        return sum(totals.provider_cost for totals in self.by_model)

    @property
    def neurons(self) -> int:
        """What the provider counts."""
        return sum(totals.neurons for totals in self.by_model)


async def cost_report(
    database: Database,
    *,
    user_id: str | None,
    is_preview: bool,
    since: datetime | None = None,
    until: datetime | None = None,
) -> CostReport:
    """Report what was charged from ``since`` on and before ``until``.

    Raises:
        InvalidInput: The span ends before it begins.
    """
    if since is not None and until is not None and until < since:
        raise InvalidInput("until lies before since; swap them.", path=("until",))
    async with database.read() as connection:
        by_model = await totals_by_model(
            connection, user_id=user_id, is_preview=is_preview, since=since, until=until
        )
    return CostReport(since=since, until=until, by_model=by_model)
