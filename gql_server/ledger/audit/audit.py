"""Recomputing all totals from the ledger and the images, and reporting differences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gql_server.database.engine.engine import Database
from gql_server.database.queries.audit import (
    charges_of_day,
    charges_without_image,
    ledger_range,
    lock_rollups,
    mismatched_images,
    month_agrees,
    replace_rollups_of_day,
    replace_rollups_of_month,
    rollups_of_day,
)
from gql_server.database.queries.batch_audit import mismatched_batches
from gql_server.database.queries.periods import DAY, RollupPeriod, day_of, month_after, month_of
from gql_server.database.queries.rollups import rollups_of
from gql_server.database.records.ledger import ChargeRecord, CostRollup
from gql_server.ledger.audit.models import model_rollups_agree, repair_model_rollups

MAX_NAMED: Final = 100

_FIRST_SUM: Final = CostRollup._fields.index("images")
_Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The result of an audit.

    Attributes:
        images: Images without a charge, or whose charge does not match; at most 100.
        charges: Charges whose image does not exist; at most 100.
        batches: Batches whose counts or cost do not match their items and images; at most 100.
        days: UTC days whose roll-ups differ from the ledger.
        months: Starts of UTC months whose roll-ups differ from those of their days.
        model_days: UTC days whose roll-ups of models differ from the images.
        is_repaired: Whether the roll-ups of those days and months were recomputed.
    """

    images: Sequence[str]
    charges: Sequence[str]
    batches: Sequence[str]
    days: Sequence[datetime]
    months: Sequence[datetime]
    model_days: Sequence[datetime]
    is_repaired: bool

    @property
    def is_clean(self) -> bool:
        """Whether everything matches now."""
        are_summed = not (self.days or self.months or self.model_days)
        do_agree = not (self.images or self.charges or self.batches)
        return do_agree and (are_summed or self.is_repaired)


async def audit(database: Database, *, repair: bool = False) -> AuditReport:
    """Compare images with charges and batches, and both with their roll-ups, to the last unit.

    The server may be running. With ``repair``, differing roll-ups are recomputed from the ledger
    and the images, which are never changed. Failures of models are only in their roll-ups, and
    are kept.
    """
    async with database.read(snapshot=True) as connection:
        images = await mismatched_images(connection, limit=MAX_NAMED)
        charges = await charges_without_image(connection, limit=MAX_NAMED)
        batches = await mismatched_batches(connection, limit=MAX_NAMED)
        covered = await ledger_range(connection)
    days: list[datetime] = []
    months: list[datetime] = []
    model_days: list[datetime] = []
    if covered is not None:
        day, last = day_of(covered[0]), day_of(covered[1])
        while day <= last:
            if not await _agrees(database, day):
                days.append(day)
                if repair:
                    await _repair(database, day)
            if not await model_rollups_agree(database, day):
                model_days.append(day)
                if repair:
                    await repair_model_rollups(database, day)
            day += DAY
        # Days come first: months are summed from them.
        month = month_of(covered[0])
        while month <= last:
            if not await _month_agrees(database, month):
                months.append(month)
                if repair:
                    await _repair_month(database, month)
            month = month_after(month)
    return AuditReport(
        images=images,
        charges=charges,
        batches=batches,
        days=days,
        months=months,
        model_days=model_days,
        is_repaired=repair,
    )


async def _agrees(database: Database, day: datetime) -> bool:
    async with database.read(snapshot=True) as connection:
        charges = await charges_of_day(connection, day)
        written = await rollups_of_day(connection, day)
    return _recomputed(charges) == _as_written(written)


async def _repair(database: Database, day: datetime) -> None:
    async with database.write() as connection:
        await lock_rollups(connection)
        sums = _recomputed(await charges_of_day(connection, day))
        await replace_rollups_of_day(connection, day, list(sums.values()))


async def _month_agrees(database: Database, month: datetime) -> bool:
    async with database.read(snapshot=True) as connection:
        return await month_agrees(connection, month)


async def _repair_month(database: Database, month: datetime) -> None:
    async with database.write() as connection:
        await lock_rollups(connection)
        await replace_rollups_of_month(connection, month)


def _recomputed(charges: Iterable[ChargeRecord]) -> dict[_Key, CostRollup]:
    sums: dict[_Key, CostRollup] = {}
    for charge in charges:
        for rollup in rollups_of(charge):
            if rollup.span == RollupPeriod.MONTH:
                continue
            key = _key(rollup)
            found = sums.get(key)
            sums[key] = rollup if found is None else found.plus(rollup)
    return sums


def _as_written(rollups: Iterable[CostRollup]) -> dict[_Key, CostRollup]:
    return {_key(rollup): rollup for rollup in rollups}


def _key(rollup: CostRollup) -> _Key:
    return rollup[:_FIRST_SUM]
