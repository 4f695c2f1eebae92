"""Images to watch."""

from collections.abc import AsyncIterable, Sequence
from typing import Annotated, Any

import strawberry

from gql_server.api.context import Context, Info
from gql_server.api.images.columns import IMAGE_COLUMNS
from gql_server.api.images.filters import FilterArgument, image_filter
from gql_server.api.images.types import Image, image_from
from gql_server.generation.new_images import NewImages, watch_new_images
from gql_server.graphql.broadcasts.events import SharedEvents
from gql_server.graphql.execution.selection import requested_columns


@strawberry.type
class ImageSubscriptions:
    """What of images can be watched."""

    @strawberry.subscription(
        description="Reports each of the caller's images once, as soon as it is stored, in "
        "order of `createdAt`. Admins can watch another user's images with the "
        "filter. After a lost connection, subscribe again with `after` set to "
        "the last image you received: images stored since then are sent first, "
        "and nothing is missed."
    )
    async def image_created(
        self,
        info: Info,
        filter: FilterArgument = None,
        after: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="ID of the last image you received, `img_…`. Images stored after it "
                "are sent first. When omitted, only images stored from now on are sent."
            ),
        ] = None,
    ) -> AsyncIterable[Image]:
        """Watch new images."""
        context = info.context
        columns = requested_columns(info, (), IMAGE_COLUMNS) | {"id"}
        watch = await watch_new_images(
            context.services, context.principal, columns, image_filter(filter), after=after
        )
        return SharedEvents(watch, _shaped, context, position_argument="after")


async def _shaped(context: Context, update: NewImages) -> Sequence[tuple[Any, Image]]:
    return [(position, await image_from(context, row)) for position, row in update.items]
