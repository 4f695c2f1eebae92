"""What every endpoint receives: the services and the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from gql_server.access.allowances import Allowances
from gql_server.domain.principal import Principal
from gql_server.generation.services import Services
from gql_server.ledger.budgets.budgets import BudgetState
from gql_server.web.callers import principal_of


@dataclass(frozen=True, slots=True)
class Context:
    """One for each request.

    Attributes:
        services: The services of the server.
        principal: The caller.
        allowances: What callers may spend on operations.
    """

    services: Services
    principal: Principal
    allowances: Allowances

    async def spend(self, cost: int) -> None:
        """Deduct what a request costs beyond its operation, such as for its images.

        Raises:
            RateLimited: The caller's allowance is too small.
        """
        if cost:
            await self.allowances.spend(self.principal, cost)

    def warnings(self, passed: Sequence[BudgetState]) -> list[str]:
        """Return warnings about exceeded soft budgets; admins see the server's limit as well."""
        is_admin = self.principal.is_admin
        return [state.warning_for(is_admin=is_admin) for state in passed]


async def _context(request: Request) -> Context:
    return Context(request.state.services, principal_of(request), request.state.allowances)


ContextOfRequest = Annotated[Context, Depends(_context)]
