"""Options of connections to PostgreSQL: limits for statements, and for silent networks."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.engine import URL

_NETWORK: Final[Mapping[str, int]] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""Seconds, and milliseconds in the last.

Without these, a connection whose packets are dropped, by a firewall or because a machine is gone,
would be waited for by the hour.
"""


def connection_options(
    url: URL, *, statement_milliseconds: int, idle_milliseconds: int
) -> dict[str, Any]:
    """Return libpq's options for a URL; network options in the URL take precedence.

    Args:
        url: The URL.
        statement_milliseconds: Maximum time of a statement.
        idle_milliseconds: Maximum time between a transaction's statements, so that a process that
            is frozen in one does not keep its locks.
    """
    bounds = (
        f"-c statement_timeout={statement_milliseconds}"
        f" -c idle_in_transaction_session_timeout={idle_milliseconds}"
    )
    own = url.query.get("options", "")
    network = {name: value for name, value in _NETWORK.items() if name not in url.query}
    return {**network, "options": f"{own} {bounds}" if own else bounds}
