"""Recomputing the roll-ups of models from the images, a day at a time."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import Facts
from gql_server.database.queries.audit import (
    lock_model_rollups,
    model_rollups_from_images,
    model_rollups_of_day,
    replace_model_rollups_of_day,
)

_KEY: Final = ("is_preview", "model_id", "span", "starts_at", "outcome", "bucket")
_COUNT: Final = "generations"


async def model_rollups_agree(database: Database, day: datetime) -> bool:
    """Tell whether the pictures of a UTC day are summed as the images say."""
    async with database.read(snapshot=True) as connection:
        recomputed = await model_rollups_from_images(connection, day)
        written = await model_rollups_of_day(connection, day)
    return _summed(recomputed) == _summed(written)


async def repair_model_rollups(database: Database, day: datetime) -> None:
    """Sum the pictures of a UTC day anew from the images."""
    async with database.write() as connection:
        await lock_model_rollups(connection)
        sums = _summed(await model_rollups_from_images(connection, day))
        rows = [dict(zip((*_KEY, _COUNT), (*key, sum_), strict=True)) for key, sum_ in sums.items()]
        await replace_model_rollups_of_day(connection, day, rows)


def _summed(rows: Iterable[Facts]) -> Counter[tuple[Any, ...]]:
    sums: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        sums[tuple(row[name] for name in _KEY)] += row[_COUNT]
    return sums
