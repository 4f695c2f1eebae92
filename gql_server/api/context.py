"""What every resolver receives: the services, the caller, and the loaders of the operation."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import strawberry

from gql_server.api.caller import Access, Caller
from gql_server.api.loaders import Loaders
from gql_server.domain.budgets import Payer
from gql_server.domain.principal import Principal
from gql_server.generation.services import Services
from gql_server.ledger.budgets.budgets import BudgetState
from gql_server.web.request_record import RequestRecord

if TYPE_CHECKING:
    from gql_server.api.models.catalogue import Models


class Context(Caller):
    """The context of one operation; it holds no database session.

    Sibling resolvers run concurrently: each opens its own short unit of work.

    Attributes:
        services: The services of the server.
        models: The models by ID.
        loaders: The loaders of the operation.
    """

    def __init__(
        self,
        services: Services,
        models: "Models",
        access: Access,
        principal: Principal | None,
        record: RequestRecord | None = None,
    ) -> None:
        """Create a context; a principal of None is not authenticated yet."""
        super().__init__(access, principal, record)
        self.services = services
        self.models = models
        self.loaders = Loaders(services, self)
        self._budgets: asyncio.Future[Sequence[BudgetState]] | None = None

    def fresh(self) -> Self:
        """Return a context for another operation of the same caller, with nothing loaded."""
        return type(self)(self.services, self.models, self._access, self._principal, self._record)

    async def budgets(self) -> Sequence[BudgetState]:
        """Return the budgets that the caller's images are paid from, read once."""
        if self._budgets is None:
            payer = Payer(user_id=self.principal.user_id, key_id=self.principal.key_id)
            self._budgets = asyncio.ensure_future(self.services.budgets.of(payer))
        # A canceled field cancels it for no other.
        return await asyncio.shield(self._budgets)


Info = strawberry.Info[Context, None]
