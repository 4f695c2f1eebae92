"""Purging images: the bytes and the words are erased for good, and the charge stays.

Users purge their own images; admins those of all users.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

import structlog

from gql_server.database.engine.records import record_of
from gql_server.database.queries.erasing import purge_images as purge_rows
from gql_server.database.queries.erasures import find_erasures, insert_erasure
from gql_server.database.queries.images import ImageFilter, count_images, find_images
from gql_server.database.records.erasures import ErasureRecord
from gql_server.database.tables.erasures import ErasureRow
from gql_server.domain.clock import now
from gql_server.domain.erasures import ErasureKind
from gql_server.domain.errors import ErrorCode, ImageNotFound, InvalidInput
from gql_server.domain.ids import new_id
from gql_server.domain.principal import Principal
from gql_server.erasure.purge_runner import enqueue_purge, filter_to_json
from gql_server.generation.services import Services
from gql_server.telemetry.metrics import IMAGES_PURGED

log = structlog.get_logger(__name__)


async def purge_image(services: Services, principal: Principal, image_id: str) -> None:
    """Purge an image, whether or not it is deleted; purging it again succeeds.

    Its words are erased when this returns. Its file is erased, too, unless the store or the cache
    in front of it does not answer: then that is repeated until it succeeds.

    Raises:
        ImageNotFound: The caller never had such an image.
    """
    async with services.database.write() as connection:
        found = await find_images(
            connection,
            [image_id],
            user_id=principal.owner_filter(),
            columns=("user_id",),
            include_purged=True,
        )
        if image_id not in found:
            raise ImageNotFound(image_id)
        number = await purge_rows(connection, [image_id], at=now())
    await services.files.settle([image_id])
    await services.database.forget_overwritten()
    if number:
        IMAGES_PURGED.labels("request").inc()
        log.info(
            "image_purged", image=image_id, owner=found[image_id]["user_id"], by=principal.user_id
        )


async def purge_images(
    services: Services, principal: Principal, where: ImageFilter, *, max_images: int | None = None
) -> ErasureRecord:
    """Accept the purge of all images of a list; it continues if this process ends.

    Images that are stored later are not purged.

    Args:
        services: The services of the server.
        principal: The caller.
        where: The images.
        max_images: Nothing is purged if there are more than this.

    Raises:
        InvalidInput: The filter names nothing, or there are more images.
    """
    moment = now()
    where = replace(where, user_id=principal.owner_filter(where.user_id))
    before = where.created_before
    where = replace(where, created_before=moment if before is None else min(before, moment))
    async with services.database.write() as connection:
        total = await count_images(connection, where)
        if max_images is not None and total > max_images:
            raise InvalidInput(
                f"{total} images match the filter, more than maxImages. Nothing was purged.",
                path=("max_images",),
                code=ErrorCode.TOO_MANY,
            )
        row = ErasureRow(
            id=new_id("ers"),
            kind=ErasureKind.IMAGES,
            user_id=principal.user_id,
            images=filter_to_json(where),
            total=total,
            created_at=moment,
        )
        await insert_erasure(connection, row)
    log.info("purge_accepted", erasure=row.id, images=total, by=principal.user_id)
    accepted = record_of(row, ErasureRecord)
    await enqueue_purge(services, accepted)
    return accepted


async def get_erasures(
    services: Services, principal: Principal, ids: Collection[str]
) -> Mapping[str, ErasureRecord]:
    """Return the caller's erasures by ID. IDs without one are left out."""
    async with services.database.read() as connection:
        found = await find_erasures(connection, ids, user_id=principal.owner_filter())
    return {one.id: one for one in found.values() if one.kind == ErasureKind.IMAGES}
