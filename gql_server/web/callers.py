"""The caller of a request."""

from starlette.requests import Request

from gql_server.domain.errors import Unauthenticated
from gql_server.domain.principal import Principal


def principal_of(request: Request) -> Principal:
    """Return the caller, whom the middleware has authenticated.

    Raises:
        Unauthenticated: That is not known.
    """
    principal: Principal | None = request.state.principal
    if principal is None:
        raise Unauthenticated
    return principal
