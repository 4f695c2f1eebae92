"""What connections to PostgreSQL are opened with: bounds on statements, and on silent networks."""

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
"""Seconds, and milliseconds in the last: without them a connection whose packets are dropped, as
behind a firewall that has forgotten it or a machine that is gone, is waited for by the hour."""


def connection_options(
    url: URL, *, statement_milliseconds: int, idle_milliseconds: int
) -> dict[str, Any]:
    """Return libpq's options for an address; what it says of a network itself is left to it.

    Args:
        url: The address.
        statement_milliseconds: How long a statement may take.
        idle_milliseconds: How long a transaction may wait for its next statement, so that a process
            that is frozen in one holds its rows no longer against the others.
    """
    bounds = (
        f"-c statement_timeout={statement_milliseconds}"
        f" -c idle_in_transaction_session_timeout={idle_milliseconds}"
    )
    own = url.query.get("options", "")
    network = {name: value for name, value in _NETWORK.items() if name not in url.query}
    return {**network, "options": f"{own} {bounds}" if own else bounds}
