"""The admission of a request by an API over HTTP, before its body is read."""

from starlette.requests import Request

from gql_server.access.allowances import Allowances
from gql_server.access.permissions import Permission
from gql_server.domain.allowances import AllowanceState
from gql_server.web.callers import principal_of
from gql_server.web.request_record import record_of


async def admit(
    request: Request, permission: Permission, *, operation: str, called: str, cost: int
) -> AllowanceState | None:
    """Check the role and deduct the cost, once for each request, before anything else is done.

    Args:
        request: The request.
        permission: Who may call the operation.
        operation: The operation's ID, for the request log.
        called: What errors call it, such as ``POST /api/generate``.
        cost: What is deducted from the caller's allowance.

    Returns:
        The state of the caller's allowance; None without one.

    Raises:
        Unauthenticated: The caller is not known.
        Forbidden: The caller's role is too low.
        RateLimited: The caller's allowance is too small.
    """
    principal = principal_of(request)
    record = record_of(request.scope)
    if record is not None:
        record.operation, record.cost = operation, cost
    permission.check(principal, called)
    allowances: Allowances = request.state.allowances
    return await allowances.spend(principal, cost)
