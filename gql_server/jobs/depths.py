"""How many jobs wait and run, counted from the engine's tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, text

from gql_server.jobs.engine_database import SCHEMA

DEPTH_STATES: Final = ("enqueued", "delayed", "pending")
_DEPTHS: Final = """
SELECT queue_name, status, count(*) AS number, min(created_at) AS oldest_at FROM {table}
WHERE status IN ('ENQUEUED', 'PENDING') GROUP BY queue_name, status
UNION ALL
SELECT queue_name, status, count(*), min(created_at) FROM {table}
WHERE status = 'DELAYED' GROUP BY queue_name, status
"""
"""Each half reads one of the engine's partial indexes."""


@dataclass(frozen=True, slots=True)
class Depth:
    """How many attempts of a kind are in one state.

    Attributes:
        kind: The kind of the jobs.
        state: ``enqueued``, ``delayed`` or ``pending``, which is running.
        number: How many.
        oldest_at: When the oldest was enqueued, in seconds since 1970; None: there is none.
    """

    kind: str
    state: str
    number: int
    oldest_at: float | None


def read_depths(engine: Engine) -> Sequence[Depth]:
    """Return the depths of all queues; of states that no job is in there is none."""
    prefix = "" if engine.dialect.name == "sqlite" else f"{SCHEMA}."
    statement = text(_DEPTHS.format(table=f"{prefix}workflow_status"))
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
    return [
        Depth(row.queue_name, row.status.lower(), row.number, row.oldest_at / 1000) for row in rows
    ]
