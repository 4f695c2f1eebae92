"""Images that were paid for and wait at their provider's address: remembered, and fetched."""

from datetime import timedelta
from typing import Final

import structlog

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.remote_images import (
    add_remote_image,
    claim_due_images,
    find_remote_image,
    forget_expired_images,
    forget_remote_images,
    postpone_remote_image,
)
from gql_server.database.records.remote_images import RemoteImageRecord
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.domain.clock import now
from gql_server.domain.errors import GenerationFailed, GenerationPending
from gql_server.domain.skipped_models import skipped_from_json
from gql_server.generation.recovery import validated_to_json
from gql_server.generation.requests.request import request_to_json
from gql_server.generation.requests.validated import ValidatedRequest
from gql_server.generation.services import Services
from gql_server.inference.generator import GeneratedPicture, NotFetched, Remember, RemoteImage
from gql_server.inference.unit_prices import PriceUnit

log = structlog.get_logger(__name__)

_OWN_TIME: Final = timedelta(minutes=10)
"""How long the process that generated an image has to fetch it, while it lives."""

_NEXT_TRY: Final = timedelta(minutes=5)
_MAX_AT_ONCE: Final = 20
_CLOCKS_DIFFER: Final = timedelta(minutes=2)
"""How far the clocks of two processes may differ without one taking the other's image early."""

_KEPT_EXPIRED: Final = timedelta(days=7)
"""How long an expired address of a batch's image is kept, should a clock have stepped ahead."""


def remembering(services: Services, accepted: ValidatedRequest) -> Remember:
    """Return what writes down where the image of an accepted request waits."""

    async def remember(image: RemoteImage) -> None:
        moment = now()
        usage = None if image.usage is None else {str(k): v for k, v in image.usage.items()}
        row = RemoteImageRow(
            image_id=accepted.image_id,
            user_id=accepted.payer.user_id,
            batch_id=accepted.batch_id,
            url=image.url,
            expires_at=image.expires_at,
            seconds=image.seconds,
            seed=image.seed,
            usage=usage,
            log_id=image.log_id,
            request=request_to_json(accepted.request),
            accepted=validated_to_json(accepted),
            process_id=services.budgets.lease.process_id,
            next_try_at=moment + _OWN_TIME,
            created_at=moment,
        )
        try:
            await add_remote_image(services.database, row)
        except DatabaseUnavailable as error:  # it is fetched all the same, now
            log.warning("remote_image_not_noted", image=accepted.image_id, reason=str(error))

    return remember


async def fetch_remote(
    services: Services, accepted: ValidatedRequest
) -> tuple[ValidatedRequest, GeneratedPicture] | None:
    """Fetch an image that an earlier attempt generated; None: none did.

    Returns it with the request as the model that generated it received it.

    Raises:
        GenerationPending: It cannot be fetched at the moment, or only by another version of the
            server, which has the model that generated it.
        GenerationFailed: It cannot be fetched any more.
    """
    image_id = accepted.image_id
    async with services.database.read() as connection:
        found = await find_remote_image(connection, image_id)
    if found is None:
        return None
    skipped = skipped_from_json(found.accepted.get("skipped"))
    made = accepted.made_by(found.accepted["model"], skipped)
    try:
        if made is None:  # a process of the version that has it may fetch it
            raise NotFetched("this version does not have its model")
        return made, await services.generator.fetch(_image(found))
    except NotFetched as error:
        raise await not_fetched(services, image_id, error) from error


async def not_fetched(
    services: Services, image_id: str, error: NotFetched
) -> GenerationPending | GenerationFailed:
    """Return the error of an image that was not fetched; one that is gone is forgotten."""
    try:
        async with services.database.read() as connection:
            found = await find_remote_image(connection, image_id)
        is_expired = found is not None and found.expires_at <= now()
        if found is not None and not error.is_gone and not is_expired:
            return GenerationPending(image_id, waits_at_provider=True)
        await forget(services, image_id)
    except DatabaseUnavailable:  # while it may be remembered, it may be charged
        return GenerationPending(image_id)
    log.error("paid_image_lost", image=image_id, reason=str(error))
    return GenerationFailed(
        "The provider generated the image, and it could not be fetched. Try again.",
        retryable=True,
    )


async def not_saved(
    services: Services, image_id: str, error: GenerationFailed
) -> GenerationPending | GenerationFailed:
    """Return the error of an image that was generated and could not be saved.

    One that others may finish, and then charge, is pending. A failure forgets it, so that it is
    never charged.
    """
    try:
        async with services.database.read() as connection:
            found = await find_remote_image(connection, image_id)
        if found is None:
            return error
        if error.retryable:
            return GenerationPending(image_id)
        await forget(services, image_id)
    except DatabaseUnavailable:
        return GenerationPending(image_id)
    return error


async def forget(services: Services, image_id: str) -> None:
    """Forget where an image waits: it is never charged.

    Raises:
        DatabaseUnavailable: It may still be finished and charged.
    """
    async with services.database.write() as connection:
        await forget_remote_images(connection, [image_id])


async def postpone(services: Services, image_id: str) -> float:
    """Have an image of a batch fetched later; return in how many seconds."""
    async with services.database.write() as connection:
        await postpone_remote_image(connection, image_id, until=now() + _NEXT_TRY)
    return _NEXT_TRY.total_seconds()


async def due_images(services: Services) -> list[RemoteImageRecord]:
    """Claim images that the process that generated them did not fetch."""
    moment = now()
    async with services.database.write() as connection:
        await forget_expired_images(connection, before=moment - _KEPT_EXPIRED)
        return list(
            await claim_due_images(
                connection,
                at=moment,
                until=moment + _NEXT_TRY,
                no_later_than=moment + _OWN_TIME + _CLOCKS_DIFFER,
                process_id=services.budgets.lease.process_id,
                limit=_MAX_AT_ONCE,
            )
        )


def _image(found: RemoteImageRecord) -> RemoteImage:
    usage = None
    if found.usage is not None:
        usage = {PriceUnit(unit): count for unit, count in found.usage.items()}
    return RemoteImage(
        url=found.url,
        expires_at=found.expires_at,
        seconds=found.seconds,
        seed=found.seed,
        usage=usage,
        log_id=found.log_id,
    )
