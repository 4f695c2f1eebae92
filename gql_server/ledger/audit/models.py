"""Recomputing the roll-ups of models from the images, one day at a time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gql_server.database.engine.engine import Database
from gql_server.database.queries.audit import (
    lock_model_rollups,
    model_rollups_from_images,
    model_rollups_of_day,
    replace_model_rollups_of_day,
)
from gql_server.database.records.ledger import ModelRollup


async def model_rollups_agree(database: Database, day: datetime) -> bool:
    """Return whether the roll-ups of a UTC day match its images."""
    async with database.read(snapshot=True) as connection:
        recomputed = await model_rollups_from_images(connection, day)
        written = await model_rollups_of_day(connection, day)
    return _summed(recomputed) == _summed(written)


async def repair_model_rollups(database: Database, day: datetime) -> None:
    """Recompute the roll-ups of a UTC day from its images."""
    async with database.write() as connection:
        await lock_model_rollups(connection)
        sums = _summed(await model_rollups_from_images(connection, day))
        await replace_model_rollups_of_day(connection, day, list(sums.values()))


def _summed(rollups: Iterable[ModelRollup]) -> dict[tuple[Any, ...], ModelRollup]:
    sums: dict[tuple[Any, ...], ModelRollup] = {}
    for rollup in rollups:
        key = rollup[:-1]
        found = sums.get(key)
        sums[key] = rollup if found is None else found.plus(rollup)
    return sums
