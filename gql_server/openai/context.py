"""What every endpoint receives: the services, the caller and the request's key."""

from dataclasses import dataclass

from starlette.requests import Request

from gql_server.access.allowances import Allowances
from gql_server.domain.principal import Principal
from gql_server.generation.services import Services
from gql_server.openai.model_names import ModelNames
from gql_server.openai.options import OpenAIOptions
from gql_server.web.callers import principal_of
from gql_server.web.headers import header_of, unquoted


@dataclass(frozen=True, slots=True)
class Context:
    """One for each request.

    Attributes:
        services: The services of the server.
        principal: The caller.
        options: The operator's choices.
        names: The models by their names.
        key: The request's idempotency key.
    """

    services: Services
    principal: Principal
    options: OpenAIOptions
    names: ModelNames
    key: str | None
    _allowances: Allowances

    async def spend(self, cost: int) -> None:
        """Deduct what a request costs beyond its operation, such as for further images.

        Raises:
            RateLimited: The caller's allowance is too small.
        """
        if cost:
            await self._allowances.spend(self.principal, cost)


def context_of(request: Request, options: OpenAIOptions) -> Context:
    """Return the context of a request.

    Raises:
        Unauthenticated: The caller is not known.
    """
    services: Services = request.state.services
    return Context(
        services=services,
        principal=principal_of(request),
        options=options,
        names=ModelNames(services.catalogue, options.aliases),
        key=unquoted(header_of(request.scope, b"idempotency-key")),
        _allowances=request.state.allowances,
    )
