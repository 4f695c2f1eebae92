"""The current time by the clock that all processes on a database share."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, literal, type_coerce
from sqlalchemy.sql.elements import ColumnElement

from gql_server.database.engine.columns import UtcDateTime
from gql_server.domain.clock import now

_NO_TIME: Final = timedelta(0)


def present(dialect: str, *, ago: timedelta = _NO_TIME) -> ColumnElement[Any]:
    """Return the current time for a statement: PostgreSQL's clock, or this machine's for SQLite.

    Machines' clocks differ; times that several processes compare are written and read by one clock.
    SQLite serves the processes of one machine.

    Args:
        dialect: The connection's dialect.
        ago: How long before the current time; negative for after it.
    """
    if dialect == "sqlite":
        return literal(now() - ago, UtcDateTime)
    return type_coerce(func.clock_timestamp() - ago, UtcDateTime())
