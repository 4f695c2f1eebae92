"""Images to watch."""

from collections.abc import AsyncIterable, Sequence
from typing import Annotated, Any

import strawberry

from gql_server.api.context import Context, Info
from gql_server.api.images.filters import FilterArgument, image_filter
from gql_server.api.images.types import IMAGE_COLUMNS, Image, image_from
from gql_server.generation.new_images import NewImages, watch_new_images
from gql_server.graphql.broadcasts.events import SharedEvents
from gql_server.graphql.execution.selection import requested_columns


@strawberry.type
class ImageSubscriptions:
    """What of images can be watched."""

    @strawberry.subscription(
        description="Each of the caller's images as it is kept, from now on, wherever it was made "
        "(an admin may name another user in the filter): "
        "each once, in the order of `createdAt`. After a lost connection subscribe again with "
        "`after`, the last image that came: what was kept since is sent first, and nothing is "
        "missed."
    )
    async def image_created(
        self,
        info: Info,
        filter: FilterArgument = None,
        after: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="An image of the caller's, `img_…`; those that were kept after it are "
                "sent first. Without it: only those that are kept from now on."
            ),
        ] = None,
    ) -> AsyncIterable[Image]:
        """Watch new images."""
        context = info.context
        columns = requested_columns(info, (), IMAGE_COLUMNS) | {"id"}
        watch = await watch_new_images(
            context.parts, context.principal, columns, image_filter(filter), after=after
        )
        return SharedEvents(watch, _shaped, context, position_argument="after")


async def _shaped(context: Context, update: NewImages) -> Sequence[tuple[Any, Image]]:
    return [(place, await image_from(context, facts)) for place, facts in update.items]
