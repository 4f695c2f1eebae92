"""How a caller's allowance stands, as header fields."""

from math import ceil

from gql_server.domain.allowances import AllowanceState


def allowance_headers(state: AllowanceState, *, retry_after: int | None = None) -> dict[str, str]:
    """Tell how the caller's allowance stands.

    The fields are those of draft-ietf-httpapi-ratelimit-headers-11. The window is how long an
    allowance that is used up takes to be whole.

    Args:
        state: The allowance, as the request left it.
        retry_after: Seconds until the request can be paid for, where it could not be.
    """
    window = max(1, ceil(state.limit / state.per_second))
    headers = {
        "RateLimit-Policy": f'"allowance";q={state.limit};w={window}',
        "RateLimit": f'"allowance";r={state.remaining};t={ceil(state.seconds)}',
    }
    return headers if retry_after is None else headers | {"Retry-After": str(retry_after)}
