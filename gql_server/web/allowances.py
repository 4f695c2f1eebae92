"""A caller's allowance as response headers."""

from math import ceil

from gql_server.domain.allowances import AllowanceState


def allowance_headers(state: AllowanceState, *, retry_after: int | None = None) -> dict[str, str]:
    """Return the headers that describe a caller's allowance.

    The fields are those of draft-ietf-httpapi-ratelimit-headers-11. The window is the time to
    refill an empty allowance.

    Args:
        state: The allowance after the request.
        retry_after: Seconds until the request can be paid for, if it was refused.
    """
    window = max(1, ceil(state.limit / state.per_second))
    headers = {
        "RateLimit-Policy": f'"allowance";q={state.limit};w={window}',
        "RateLimit": f'"allowance";r={state.remaining};t={ceil(state.seconds)}',
    }
    return headers if retry_after is None else headers | {"Retry-After": str(retry_after)}
