"""Images to watch."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from gql_server.api.context import Context, Info
from gql_server.api.images.filters import FilterArgument, image_filter
from gql_server.api.images.types import IMAGE_COLUMNS, Image, image_from
from gql_server.database.engine.pages import Facts
from gql_server.generation.new_images import watch_new_images
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
    ) -> AsyncGenerator[Image, None]:
        """Watch new images."""
        context = info.context
        columns = requested_columns(info, (), IMAGE_COLUMNS) | {"id"}
        new_images = await watch_new_images(
            context.parts, context.principal, columns, image_filter(filter), after=after
        )
        return _shaped(context, new_images)


async def _shaped(
    context: Context, new_images: AsyncGenerator[Facts, None]
) -> AsyncGenerator[Image, None]:
    async with aclosing(new_images):
        async for facts in new_images:
            context.forget()
            yield await image_from(context, facts)
