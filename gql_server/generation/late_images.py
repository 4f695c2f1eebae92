"""Finishing images that were paid for and not stored."""

import asyncio
from typing import Final

import structlog

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.idempotency_keys import complete_keys_of
from gql_server.database.queries.images import find_images
from gql_server.database.queries.remote_images import forget_remote_images
from gql_server.database.records.remote_images import RemoteImageRecord
from gql_server.domain.clock import now
from gql_server.domain.errors import DomainError, Rejected
from gql_server.generation.produce import finish_saved_image
from gql_server.generation.recovery import validated_from_record
from gql_server.generation.remote_images import due_images, forget
from gql_server.generation.services import Services
from gql_server.ledger.budgets.reservations import Hold

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 4


async def finish_late_images(services: Services) -> None:
    """Fetch, store and charge images whose process died or whose fetch failed, once each.

    One that cannot be finished, for whatever reason, does not keep the others waiting.
    """
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def finish(found: RemoteImageRecord) -> None:
        async with at_once:
            try:
                await _finish(services, found)
            except (DomainError, Rejected, DatabaseUnavailable) as error:
                log.warning("late_image_not_finished", image=found.image_id, reason=str(error))
            except Exception:
                log.exception("late_image_crashed", image=found.image_id)

    async with asyncio.TaskGroup() as tasks:
        for found in await due_images(services):
            tasks.create_task(finish(found))


async def _finish(services: Services, found: RemoteImageRecord) -> None:
    async with services.database.read() as connection:
        kept = await find_images(
            connection, [found.image_id], user_id=found.user_id, include_purged=True
        )
    if kept:
        async with services.database.write() as connection:
            await forget_remote_images(connection, [found.image_id])
            await complete_keys_of(connection, [found.image_id])
        return
    accepted = validated_from_record(services, found)
    if accepted is None or accepted.model.id != found.accepted["model"]:
        await _leave_to_others(services, found)
        return
    hold = Hold(found.image_id, accepted.payer, accepted.price.cost)
    try:
        await finish_saved_image(services, accepted, hold=hold)
    except BaseException:
        await services.reservations.release(found.image_id)
        raise
    services.reservations.charged(accepted.payer)
    log.info("late_image_finished", image=found.image_id)


async def _leave_to_others(services: Services, found: RemoteImageRecord) -> None:
    """Keep an image that this version cannot finish: a process of another version may."""
    if found.expires_at > now():
        log.warning("late_image_of_other_version", image=found.image_id)
        return
    await forget(services, found.image_id)
    await services.reservations.release(found.image_id)
    log.error("paid_image_lost", image=found.image_id, reason="no process could finish it in time")
