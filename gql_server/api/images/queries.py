"""Queries of images."""

from typing import Annotated

import strawberry

from gql_server.api.connections import Connection
from gql_server.api.context import Info
from gql_server.api.images.filters import FilterArgument
from gql_server.api.images.rows import IMAGES
from gql_server.api.images.types import Image, find_images, image_connection
from gql_server.api.pages import ImageOrder, PageArguments, Paginated
from gql_server.graphql.plans.fields import PLAN, ByResolver


@strawberry.type
class ImageQueries:
    """Query fields that return images."""

    @strawberry.field(
        description="An image of the caller, including deleted ones. Null when there is "
        "none with this ID. Admins can query any image.",
        metadata={PLAN: ByResolver()},
    )
    async def image(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="ID of the image, `img_…`.")],
    ) -> Image | None:
        """Return an image."""
        return (await find_images(info, [id])).get(id)

    @strawberry.field(
        description="The caller's images. Admins see everyone's.",
        metadata={PLAN: IMAGES},
        extensions=[Paginated(orders=ImageOrder)],
    )
    async def images(
        self, info: Info, page: PageArguments, filter: FilterArgument = None
    ) -> Connection[Image]:
        """Return a page of images."""
        return await image_connection(info, page, filter)
