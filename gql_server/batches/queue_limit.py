"""The limit of a user's images in unfinished batches, so that no queue grows without end."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.queries.unfinished_images import (
    count_unfinished_images,
    lock_unfinished_images,
)
from gql_server.domain.errors import ErrorCode, InvalidInput, QueueFull, Rejected
from gql_server.generation.services import Services


async def check_queue(services: Services, user_id: str, images: int) -> None:
    """Check whether so many images would be accepted now.

    Raises:
        Rejected: With QueueFull, or InvalidInput where no wait would help.
    """
    if services.queued_images_per_user:
        async with services.database.read() as connection:
            queued = await count_unfinished_images(connection, user_id)
        _check(services, queued, images)


async def keep_queue_within_limit(
    services: Services, connection: AsyncConnection, user_id: str, images: int
) -> None:
    """Decide whether the transaction may commit so many images that it has inserted.

    Call it last: until the transaction ends, it excludes others that add images of this user.

    Raises:
        Rejected: With QueueFull, or InvalidInput where no wait would help.
    """
    if services.queued_images_per_user:
        await lock_unfinished_images(connection, user_id)
        queued = await count_unfinished_images(connection, user_id) - images
        _check(services, queued, images)


def _check(services: Services, queued: int, images: int) -> None:
    limit = services.queued_images_per_user
    if images > limit:  # whatever else is queued: sending it again later would not help
        message = (
            f"A user may have at most {limit} images in unfinished batches and generations; this "
            f"request alone has {images}. Request fewer."
        )
        raise Rejected([InvalidInput(message, path=(), code=ErrorCode.TOO_MANY)])
    if queued + images > limit:
        raise Rejected([QueueFull(queued=queued, requested=images, max_queued=limit)])
