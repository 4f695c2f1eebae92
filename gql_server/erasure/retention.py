"""Erasing what is older than the settings keep, a bounded number at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from gql_server.database.queries.erasing import purge_images
from gql_server.database.queries.retention import (
    Position,
    delete_uploads,
    erase_failed_requests,
    images_deleted_before,
    old_batches,
    old_images,
    old_uploads,
)
from gql_server.domain.clock import now
from gql_server.generation.services import Services
from gql_server.processes.clock_watch import ClockWatch
from gql_server.telemetry.metrics import IMAGES_PURGED, RETENTION_ERASED

log = structlog.get_logger(__name__)

_SLICE: Final = 100
_SLICES: Final = 50
"""How many slices of one kind are erased before the others have their turn."""

_SWEEP_SECONDS: Final = 600.0
_STEADY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long data is kept; None: for good.

    Attributes:
        deleted: Images after their deletion.
        images: All images.
        uploads: Uploads.
        requests: Requests of items that ended without an image, after the end of their batch.
    """

    deleted: timedelta | None = None
    images: timedelta | None = None
    uploads: timedelta | None = None
    requests: timedelta | None = None


def register_retention(services: Services, retention: Retention) -> None:
    """Erase what is too old at an interval, in one process at a time, if anything has an age."""
    if any((retention.deleted, retention.images, retention.uploads, retention.requests)):
        sweep = RetentionSweep(services, retention)
        services.jobs.add_sweep("retention", sweep.run, seconds=_SWEEP_SECONDS)


class RetentionSweep:
    """Erases what is too old.

    It remembers how far it has read, so that what is erased already is not read each time.
    """

    def __init__(self, services: Services, retention: Retention) -> None:
        """Take the services, and how long data is kept."""
        self._services = services
        self._retention = retention
        self._clock = ClockWatch()
        self._images: Position | None = None
        self._uploads: Position | None = None
        self._batches: dict[bool, Position | None] = {False: None, True: None}

    async def run(self) -> None:
        """Erase at most some thousands of each kind.

        For a day after a step of the clock, ages are unknown, and nothing is erased.
        """
        clock = await self._clock.read(self._services.database)
        if clock.steady_seconds < _STEADY.total_seconds():
            log.warning("retention_waits", reason="the clock was set in the last 24 hours")
            return
        kept, erased = self._retention, {}
        for name, age, erase in (
            ("deleted images", kept.deleted, self._purge_deleted),
            ("images", kept.images, self._purge_old),
            ("uploads", kept.uploads, self._delete_uploads),
            ("requests", kept.requests, self._erase_requests),
        ):
            if age is not None:
                number = await erase(clock.at - age)
                RETENTION_ERASED.labels(name).inc(number)
                erased[name] = number
        if any(erased.values()):
            await self._services.database.forget_overwritten()
            log.info("retention_applied", **{key.replace(" ", "_"): n for key, n in erased.items()})

    async def _purge_deleted(self, before: datetime) -> int:
        total = 0
        for _ in range(_SLICES):
            async with self._services.database.read() as connection:
                ids = await images_deleted_before(connection, before, limit=_SLICE)
            if not ids:
                break
            total += await self._purge(ids)
        return total

    async def _purge_old(self, before: datetime) -> int:
        total = 0
        for _ in range(_SLICES):
            async with self._services.database.read() as connection:
                page = await old_images(connection, before, after=self._images, limit=_SLICE)
            if page.last is None:
                break
            total += await self._purge(page.ids)
            self._images = page.last
        return total

    async def _purge(self, ids: list[str]) -> int:
        services = self._services
        if not ids:
            return 0
        async with services.database.write() as connection:
            number = await purge_images(connection, ids, at=now())
        await services.files.settle(ids)
        IMAGES_PURGED.labels("retention").inc(number)
        return number

    async def _delete_uploads(self, before: datetime) -> int:
        services, total = self._services, 0
        for _ in range(_SLICES):
            async with services.database.read() as connection:
                page = await old_uploads(connection, before, after=self._uploads, limit=_SLICE)
            if page.last is None:
                break
            if page.ids:
                async with services.database.write() as connection:
                    total += await delete_uploads(connection, page.ids)
                await services.files.settle_uploads(page.ids)
            self._uploads = page.last
        return total

    async def _erase_requests(self, before: datetime) -> int:
        return sum([await self._erase_requests_of(before, single=one) for one in (False, True)])

    async def _erase_requests_of(self, before: datetime, *, single: bool) -> int:
        database, total = self._services.database, 0
        for _ in range(_SLICES):
            after = self._batches[single]
            async with database.read() as connection:
                found, last = await old_batches(
                    connection, single=single, after=after, limit=_SLICE
                )
            old = [
                batch_id
                for batch_id, ended_at, number in found
                if number and ended_at is not None and ended_at < before
            ]
            for batch_id in old:
                async with database.write() as connection:
                    total += await erase_failed_requests(connection, [batch_id])
            if last is None or any(
                ended_at is None or ended_at >= before for _, ended_at, _ in found
            ):
                break  # read this page again the next time
            self._batches[single] = last
        return total
