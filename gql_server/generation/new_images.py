"""Watching a user's new images, as they are stored."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from gql_server.database.engine.pages import PageKey, PageOrder, PageRequest
from gql_server.database.queries.image_order import images_topic, newest_image
from gql_server.database.queries.images import ImageFilter, find_images, image_page
from gql_server.database.records.images import PartialImage
from gql_server.domain.errors import ImageNotFound
from gql_server.domain.principal import Principal
from gql_server.generation.services import Services
from gql_server.progress.snapshots import Snapshot, Update
from gql_server.progress.watch import Watch

_PAGE: Final = 100
_Position = tuple[datetime, str]
NewImages = Update[_Position, None, tuple[_Position, PartialImage]]
"""Stored images, each with its position."""
_BEFORE_ALL: Final[_Position] = (datetime(1970, 1, 1, tzinfo=UTC), "")


async def watch_new_images(
    services: Services,
    principal: Principal,
    columns: Collection[str],
    where: ImageFilter,
    *,
    after: str | None = None,
) -> Callable[[], Watch[_Position, None, tuple[_Position, PartialImage]]]:
    """Return a function that starts watching a user's images that are stored from now on.

    Each image is reported once, in the order of the images' page keys.

    The user is the one of the filter, if the caller may see their images, and otherwise the caller.
    An image is reported as it is when it is read, soon after it was stored: one that was deleted or
    labeled in between is filtered as it is then.

    Args:
        services: The services of the server.
        principal: The caller.
        columns: The columns to read.
        where: The images to report.
        after: An image of the user; images stored after it are reported first.

    Raises:
        ImageNotFound: The user has no image ``after``.
    """
    owner = principal.owner_filter(where.user_id)
    user_id = principal.user_id if owner is None else owner
    filters = replace(where, user_id=user_id)
    chosen = frozenset(columns)
    async with services.database.read() as connection:
        if after is None:
            newest = await newest_image(connection, user_id)
            start = newest if newest is not None else _BEFORE_ALL
        else:
            found = await find_images(
                connection,
                [after],
                user_id=user_id,
                columns=("created_at", "id"),
                include_purged=True,
            )
            if after not in found:
                raise ImageNotFound(after, path=("after",))
            start = (found[after]["created_at"], after)

    async def read(
        position: _Position,
    ) -> Snapshot[_Position, None, tuple[_Position, PartialImage]]:
        request = PageRequest(size=_PAGE, after=PageKey(*position), order=PageOrder.OLDEST_FIRST)
        async with services.database.read() as connection:
            # Before the page: images committed after this are found by the next read.
            newest = await newest_image(connection, user_id)
            page = await image_page(connection, chosen, filters, request)
        positions = [(row["created_at"], row["id"]) for row in page.rows]
        items = [(at, (at, row)) for at, row in zip(positions, page.rows, strict=True)]
        looked = max([position, *([newest] if newest else []), *(at for at, _ in items)])
        return Snapshot(
            items[-1][0] if page.has_more else looked, None, items, has_more=page.has_more
        )

    return partial(
        services.progress.open, images_topic(user_id), read, after=start, key=(filters, chosen)
    )
