"""The clock of the server and its database, as it looks after a step.

Stepping a clock by an hour, and moving every stored moment back by an hour, are the same to
whatever compares the two. The second needs no rights on the machine, on either database.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Interval, Table, func, literal, text, update
from sqlmodel import SQLModel

from gql_server.database.engine.columns import UtcDateTime
from gql_server.database.engine.engine import Database
from gql_server.database.tables.processes import RateLimitRow

_KEPT = {"cost_rollups", "model_rollups", "budget_alerts"}
"""Whose moments are the beginnings of periods, which do not move."""


async def step_clock(database: Database, by: timedelta) -> None:
    """Make every moment that is stored look as if the clock had since stepped."""
    async with database.write() as connection:
        for table in SQLModel.metadata.sorted_tables:
            moments = [c for c in table.columns if isinstance(c.type, UtcDateTime)]
            if moments and table.name not in _KEPT:
                await connection.execute(_moved(table, moments, by, is_sqlite=database.is_sqlite))
        microseconds = round(by.total_seconds() * 1_000_000)
        await connection.execute(
            update(RateLimitRow).values(next_at=RateLimitRow.next_at - microseconds)
        )


async def step_clock_of_jobs(database: Database, by: timedelta) -> None:
    """Likewise for the engine of background work, on PostgreSQL."""
    milliseconds = round(by.total_seconds() * 1000)
    async with database.write() as connection:
        await connection.execute(
            text(
                "UPDATE jobs.workflow_status SET created_at = created_at - :by, "
                "updated_at = updated_at - :by, "
                "delay_until_epoch_ms = delay_until_epoch_ms - :by"
            ),
            {"by": milliseconds},
        )


def _moved(table: Table, moments: list[Column[Any]], by: timedelta, *, is_sqlite: bool) -> Any:
    if not is_sqlite:
        return update(table).values({c.name: c - literal(by, Interval()) for c in moments})
    modifier = f"{-by.total_seconds():+} seconds"
    # As the driver writes moments: to the microsecond.
    return update(table).values(
        {c.name: func.strftime("%Y-%m-%d %H:%M:%f000", c, modifier) for c in moments}
    )
