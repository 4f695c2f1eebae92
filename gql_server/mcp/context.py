"""What every tool receives: the services, the caller, and how to report progress."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gql_server.access.allowances import Allowances
from gql_server.domain.principal import Principal
from gql_server.generation.services import Services
from gql_server.ledger.budgets.budgets import BudgetState

Report = Callable[[float, float | None, str], Awaitable[None]]
"""Reports progress to a client that requested it: the progress, its total, and a message."""


@dataclass(frozen=True, slots=True)
class Context:
    """One for each request.

    Attributes:
        services: The services of the server.
        principal: The caller.
        report: Reports progress.
    """

    services: Services
    principal: Principal
    report: Report
    _allowances: Allowances

    async def spend(self, cost: int) -> None:
        """Deduct from the caller's allowance.

        Raises:
            RateLimited: The caller's allowance is too small.
        """
        if cost:
            await self._allowances.spend(self.principal, cost)

    def warnings(self, passed: Sequence[BudgetState]) -> list[str]:
        """Return warnings about exceeded soft budgets; admins see the server's limit as well."""
        is_admin = self.principal.is_admin
        return [state.warning_for(is_admin=is_admin) for state in passed]
