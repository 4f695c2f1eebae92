"""Sums of models' generations: written with each image and failure, read by performance alone."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from math import sqrt
from typing import Any, Final

from sqlalchemy import Executable, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.columns import table_of
from gql_server.database.engine.inserts import insert_into
from gql_server.database.queries.periods import DAY, day_of
from gql_server.database.records.ledger import ModelRollup
from gql_server.database.tables.images import ImageRow
from gql_server.database.tables.ledger import ModelRollupRow


class ModelRollupPeriod(StrEnum):
    """The period of a roll-up."""

    HOUR = "hour"
    DAY = "day"


class Outcome(StrEnum):
    """The result of a generation: an image, a failure, or a refused prompt."""

    MADE = "made"
    FAILED = "failed"
    REFUSED = "refused"


_FIRST_BOUND_SECONDS: Final = 0.001
_RATIO: Final = 1.05
_BUCKETS: Final = 320
"""Buckets of 5 percent from a millisecond to an hour and a half: longer than any call."""


def _bounds() -> Iterator[float]:
    # By multiplication, not by a logarithm, so that every machine computes the same bounds.
    bound = _FIRST_BOUND_SECONDS
    for _ in range(_BUCKETS):
        yield bound
        bound *= _RATIO


_BOUNDS: Final = tuple(_bounds())


def bucket_of(seconds: float) -> int:
    """Return the bucket of images that took about as long."""
    return max(bisect_right(_BOUNDS, seconds) - 1, 0)


def seconds_of(bucket: int) -> float:
    """Return the middle of a bucket, at most 2.5 percent from any value in it."""
    return _BOUNDS[bucket] * sqrt(_RATIO)


def hour_of(moment: datetime) -> datetime:
    """Return the start of the UTC hour of a time."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def model_rollups_of(
    model_id: str, outcome: Outcome, *, at: datetime, is_preview: bool, seconds: float = 0
) -> list[ModelRollup]:
    """Return the roll-ups that a generation adds to.

    Args:
        model_id: The model.
        outcome: The result of the generation.
        at: When it ended.
        is_preview: Whether the preview generator was used.
        seconds: How long the image took.
    """
    bucket = bucket_of(seconds) if outcome is Outcome.MADE else 0
    return [
        ModelRollup(
            is_preview=is_preview,
            model_id=model_id,
            span=period.value,
            starts_at=starts_at,
            outcome=outcome.value,
            bucket=bucket,
            generations=1,
        )
        for period, starts_at in (
            (ModelRollupPeriod.HOUR, hour_of(at)),
            (ModelRollupPeriod.DAY, day_of(at)),
        )
    ]


def rollups_of_image(image: ImageRow, charged_at: datetime) -> list[ModelRollup]:
    """Return the roll-ups that an image adds to, at the time of its charge."""
    return model_rollups_of(
        image.model_id,
        Outcome.MADE,
        at=charged_at,
        is_preview=image.is_preview,
        seconds=image.seconds,
    )


async def add_to_model_rollups(connection: AsyncConnection, rollups: Iterable[ModelRollup]) -> None:
    """Add roll-ups to those in the database, in the order in which every writer locks them."""
    sums: dict[tuple[Any, ...], ModelRollup] = {}
    for one in rollups:
        # Hours before days, the order of a writer of one row of each.
        is_day = one.span == ModelRollupPeriod.DAY
        key = (is_day, one.is_preview, one.model_id, one.starts_at, one.outcome, one.bucket)
        found = sums.get(key)
        sums[key] = one if found is None else found.plus(one)
    ordered = [sums[key]._asdict() for key in sorted(sums)]
    await connection.execute(_upsert(connection.dialect.name), ordered)


async def sum_model_rollups(
    connection: AsyncConnection, model_ids: Collection[str], *, is_preview: bool, since: datetime
) -> list[tuple[str, Outcome, int, int]]:
    """Sum generations since an hour: model, outcome, bucket, number; in this order."""
    first_day = day_of(since)
    if first_day < since:
        first_day += DAY
    chosen = select(
        col(ModelRollupRow.model_id),
        col(ModelRollupRow.outcome),
        col(ModelRollupRow.bucket),
        col(ModelRollupRow.generations),
    ).where(
        col(ModelRollupRow.is_preview) == is_preview, col(ModelRollupRow.model_id).in_(model_ids)
    )
    span, start = col(ModelRollupRow.span), col(ModelRollupRow.starts_at)
    # Two ranges of the key: for one condition with an OR, SQLite would read all of it.
    found = union_all(
        chosen.where(span == ModelRollupPeriod.DAY, start >= first_day),
        chosen.where(span == ModelRollupPeriod.HOUR, start >= since, start < first_day),
    ).subquery()
    key = (found.c.model_id, found.c.outcome, found.c.bucket)
    statement = select(*key, func.sum(found.c.generations)).group_by(*key).order_by(*key)
    return [
        (model_id, Outcome(outcome), bucket, int(count))
        for model_id, outcome, bucket, count in await connection.execute(statement)
    ]


@cache
def _upsert(dialect: str) -> Executable:
    insert = insert_into(dialect, ModelRollupRow)
    table = table_of(ModelRollupRow)
    statement: Executable = insert.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={"generations": table.c.generations + insert.excluded.generations},
    )
    return statement
