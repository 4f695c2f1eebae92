"""Finishing images that were paid for and not stored."""

import structlog

from gql_server.database.queries.images import find_images
from gql_server.database.queries.remote_images import forget_remote_images
from gql_server.database.records.remote_images import RemoteImageRecord
from gql_server.domain.errors import DomainError, Rejected
from gql_server.domain.principal import Principal
from gql_server.generation.produce import finish_saved_image
from gql_server.generation.recovery import validated_from_json
from gql_server.generation.remote_images import due_images
from gql_server.generation.requests.request import request_from_json
from gql_server.generation.services import Services
from gql_server.ledger.budgets.reservations import Hold

log = structlog.get_logger(__name__)


async def finish_late_images(services: Services) -> None:
    """Fetch, store and charge images whose process died or whose fetch failed, once each."""
    for found in await due_images(services):
        try:
            await _finish(services, found)
        except (DomainError, Rejected) as error:
            log.warning("late_image_not_finished", image=found.image_id, reason=str(error))


async def _finish(services: Services, found: RemoteImageRecord) -> None:
    async with services.database.read() as connection:
        kept = await find_images(connection, [found.image_id], user_id=found.user_id)
    accepted = validated_from_json(
        services,
        Principal(user_id=found.user_id),
        request_from_json(found.request),
        found.image_id,
        found.accepted,
    )
    if kept or accepted is None:
        async with services.database.write() as connection:
            await forget_remote_images(connection, [found.image_id])
        return
    hold = Hold(found.image_id, accepted.payer, accepted.price.cost)
    try:
        await finish_saved_image(services, accepted, hold=hold)
    except BaseException:
        await services.reservations.release(found.image_id)
        raise
    services.reservations.charged(accepted.payer)
    log.info("late_image_finished", image=found.image_id)
