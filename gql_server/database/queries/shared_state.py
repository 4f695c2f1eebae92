"""What all processes share, counted for the metrics by one statement.

It reads what is unfinished, and not more than some ten thousand rows of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Select,
    cast,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from gql_server.database.engine.columns import UtcDateTime
from gql_server.database.engine.present import present
from gql_server.database.tables.batches import BatchRow
from gql_server.database.tables.processes import ProcessRow
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.database.tables.webhooks import WebhookRow
from gql_server.domain.batches import FINISHED, BatchStatus
from gql_server.domain.webhooks import WebhookStatus

MAX_ROWS: Final = 10_000
"""How many rows of each table are counted; of more, there are at least as many."""

_UNFINISHED: Final = [status.value for status in BatchStatus if status not in FINISHED]


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are of something.

    Attributes:
        number: How many, up to ``MAX_ROWS``.
        age_seconds: The age of the oldest; of webhooks, how long the oldest has been due.
    """

    number: int = 0
    age_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SharedState:
    """What all processes share.

    Attributes:
        batches: The unfinished batches by status.
        queued_items: Items of unfinished batches that have not started.
        running_items: Items of unfinished batches that have started.
        processes: The processes; the age is that of the oldest heartbeat.
        webhooks_due: Webhooks that are due.
        webhooks_waiting: Webhooks that are not due yet.
        remote_images: Images that are paid for and not fetched.
    """

    batches: Mapping[str, Count]
    queued_items: int
    running_items: int
    processes: Count
    webhooks_due: Count
    webhooks_waiting: Count
    remote_images: Count


async def read_shared_state(connection: AsyncConnection) -> SharedState:
    """Count what all processes share."""
    dialect = connection.dialect.name
    rows = (await connection.execute(_statement(dialect))).all()
    found: dict[tuple[str, str], tuple[int, datetime | None]] = {
        (row.what, row.name): (row.number, row.oldest) for row in rows
    }
    at = found.pop(("present", ""))[1]

    def count(what: str, name: str = "") -> Count:
        number, oldest = found.get((what, name), (0, None))
        if oldest is None or at is None:
            return Count(number)
        return Count(number, max(0.0, (at - oldest).total_seconds()))

    return SharedState(
        batches={status: count("batches", status) for status in _UNFINISHED},
        queued_items=count("items", "queued").number,
        running_items=count("items", "running").number,
        processes=count("processes"),
        webhooks_due=count("webhooks_due"),
        webhooks_waiting=count("webhooks_waiting"),
        remote_images=count("remote_images"),
    )


def _statement(dialect: str) -> CompoundSelect[Any]:
    moment = present(dialect)
    batches = (
        select(
            col(BatchRow.status).label("status"),
            col(BatchRow.created_at).label("oldest"),
            col(BatchRow.queued).label("queued"),
            col(BatchRow.running).label("running"),
        )
        .where(col(BatchRow.status).in_(_UNFINISHED))
        .limit(MAX_ROWS)
        .subquery()
    )
    due_at = col(WebhookRow.next_delivery_at)
    pending: Select[Any] = select(due_at.label("oldest")).where(
        col(WebhookRow.status) == WebhookStatus.PENDING
    )
    no_time = cast(null(), UtcDateTime())
    return union_all(
        _row("present", "", literal(0), type_coerce(moment, UtcDateTime())),
        _row("batches", batches.c.status, func.count(), func.min(batches.c.oldest)).group_by(
            batches.c.status
        ),
        *(
            _row("items", name, func.coalesce(func.sum(batches.c[name]), 0), no_time)
            for name in ("queued", "running")
        ),
        _counted("processes", select(col(ProcessRow.beat_at).label("oldest"))),
        _counted("webhooks_due", pending.where(due_at <= moment)),
        _counted("webhooks_waiting", pending.where(due_at > moment)),
        _counted("remote_images", select(col(RemoteImageRow.created_at).label("oldest"))),
    )


def _counted(what: str, rows: Select[Any]) -> Select[Any]:
    some = rows.limit(MAX_ROWS).subquery()
    return _row(what, "", func.count(some.c.oldest), func.min(some.c.oldest))


def _row(
    what: str, name: str | ColumnElement[str], number: ColumnElement[Any], oldest: Any
) -> Select[Any]:
    return select(
        literal(what).label("what"),
        (literal(name) if isinstance(name, str) else name).label("name"),
        cast(number, BigInteger).label("number"),
        oldest.label("oldest"),
    )
