"""The job that purges the images of an accepted erasure, a slice at a time."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from functools import partial
from typing import Any, Final

import structlog

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.engine.pages import PageRequest
from gql_server.database.queries.erasing import purge_images
from gql_server.database.queries.erasures import (
    count_purged,
    find_erasures,
    finish_erasure,
    unfinished_erasures,
)
from gql_server.database.queries.images import Deleted, ImageFilter, image_page
from gql_server.database.records.erasures import ErasureRecord
from gql_server.domain.clock import now, read_moment, to_iso
from gql_server.domain.erasures import ErasureKind
from gql_server.generation.services import Services
from gql_server.jobs.kinds import Interrupted, Job, JobRun
from gql_server.telemetry.metrics import IMAGES_PURGED

log = structlog.get_logger(__name__)

KIND: Final = "purges"

_SLICE: Final = 100
_SWEEP_SECONDS: Final = 30.0
_AT_ONCE: Final = 100
_RETRY_SECONDS: Final = (1.0, 5.0, 30.0, 120.0, 600.0, 600.0, 600.0, 600.0)


def register_purges(services: Services) -> None:
    """Register the job, and the sweep for erasures without one."""
    services.jobs.register(
        KIND, partial(_run, services), concurrency=2, retry_seconds=_RETRY_SECONDS
    )
    services.jobs.add_sweep("purges", partial(_sweep, services), seconds=_SWEEP_SECONDS)


async def enqueue_purge(services: Services, erasure: ErasureRecord) -> None:
    """Enqueue the job of an erasure; if that fails, the sweep does it."""
    try:
        await services.jobs.enqueue(_job(erasure))
    except DatabaseUnavailable as error:
        log.warning("purge_not_enqueued", erasure=erasure.id, reason=str(error))


def filter_to_json(where: ImageFilter) -> dict[str, Any]:
    """Write a filter of images."""
    given = {one.name: getattr(where, one.name) for one in fields(where)}
    return {
        name: to_iso(value) if isinstance(value, datetime) else value
        for name, value in given.items()
        if value is not None
    }


def filter_from_json(written: Mapping[str, Any]) -> ImageFilter:
    """Read what ``filter_to_json`` wrote."""
    read: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }
    for name in ("created_since", "created_before"):
        if name in read:
            read[name] = read_moment(read[name])
    read["deleted"] = Deleted(read["deleted"])
    return ImageFilter(**read)


async def _run(services: Services, run: JobRun) -> None:
    erasure_id = str(run.argument)
    async with services.database.read() as connection:
        erasure = (await find_erasures(connection, [erasure_id], user_id=None)).get(erasure_id)
    if erasure is None or erasure.images is None:
        return
    where = filter_from_json(erasure.images)
    while True:
        if not run.should_continue:
            raise Interrupted
        async with services.database.read() as connection:
            page = await image_page(connection, ("id",), where, PageRequest(size=_SLICE))
        ids = [row["id"] for row in page.rows]
        if not ids:
            break
        async with services.database.write() as connection:
            number = await purge_images(connection, ids, at=now())
            await count_purged(connection, erasure_id, number)
        IMAGES_PURGED.labels("request").inc(number)
        await services.files.settle(ids)
        await services.database.forget_overwritten()
    async with services.database.write() as connection:
        is_new = await finish_erasure(connection, erasure_id, at=now())
    await services.database.forget_overwritten()
    if is_new:
        log.info("purge_finished", erasure=erasure_id)


async def _sweep(services: Services) -> None:
    async with services.database.read() as connection:
        found = await unfinished_erasures(connection, ErasureKind.IMAGES, limit=_AT_ONCE)
    for erasure in found:
        if not await services.jobs.has_unended(_prefix(erasure)):
            await services.jobs.enqueue(_job(erasure, again=True))


def _job(erasure: ErasureRecord, *, again: bool = False) -> Job:
    # A job's ID is remembered for a day, so that one after it needs another.
    suffix = f"{now():%Y%m%d%H%M%S}" if again else "first"
    return Job(f"{_prefix(erasure)}{suffix}", KIND, erasure.id, erasure.user_id)


def _prefix(erasure: ErasureRecord) -> str:
    return f"{erasure.id}-"
