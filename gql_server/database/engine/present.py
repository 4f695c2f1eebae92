"""The present moment by the clock that all processes on one database share."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, literal, type_coerce
from sqlalchemy.sql.elements import ColumnElement

from gql_server.database.engine.columns import UtcDateTime
from gql_server.domain.clock import now

_NO_TIME: Final = timedelta(0)


def present(dialect: str, *, ago: timedelta = _NO_TIME) -> ColumnElement[Any]:
    """Return the present for a statement: PostgreSQL's own clock, or this machine's for SQLite.

    Machines' clocks differ; what several processes compare is written and read by one clock.
    SQLite serves the processes of one machine.

    Args:
        dialect: The connection's.
        ago: How long before the present the moment lies; below zero after it.
    """
    if dialect == "sqlite":
        return literal(now() - ago, UtcDateTime)
    return type_coerce(func.clock_timestamp() - ago, UtcDateTime())
