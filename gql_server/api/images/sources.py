"""What images were generated from, and what was generated from them."""

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Final, Union

import strawberry

from gql_server.api.connections import Connection, connection
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.images.columns import IMAGE_COLUMNS
from gql_server.api.images.filters import FilterArgument, image_filter
from gql_server.api.loaders import ImagesOf
from gql_server.api.pages import PageArguments
from gql_server.domain import lineage as domain
from gql_server.generation import images as use_cases
from gql_server.graphql.execution.selection import requested_columns

if TYPE_CHECKING:
    from gql_server.api.images.types import Image
    from gql_server.api.source_images.types import SourceImage

MAX_SOURCES: Final = 16
"""How many source images an image is expected to have at most, for the cost of an operation."""


@described
@strawberry.enum
class RequestKind(Enum):
    """Kind of request that generated an image."""

    TEXT_TO_IMAGE = strawberry.enum_value(
        domain.RequestKind.TEXT_TO_IMAGE,
        description="Generated from a prompt, without source images.",
    )
    IMAGE_TO_IMAGE = strawberry.enum_value(
        domain.RequestKind.IMAGE_TO_IMAGE, description="Generated from source images."
    )
    INPAINTING = strawberry.enum_value(
        domain.RequestKind.INPAINTING, description="Generated from source images and a mask."
    )


ImageSource = Annotated[
    Union[  # noqa: UP007 - `|` does not take names of types that are defined later
        Annotated["Image", strawberry.lazy("gql_server.api.images.types")],
        Annotated["SourceImage", strawberry.lazy("gql_server.api.source_images.types")],
    ],
    strawberry.union(
        "ImageSource", description="An image that others are generated from: generated or uploaded."
    ),
]


async def sources_by_id(
    info: Info, ids: Sequence[str]
) -> list[Union["Image", "SourceImage", None]]:
    """Return images and uploads in this order; None for those that the caller cannot see."""
    from gql_server.api.images.types import images_from  # noqa: PLC0415 - the types are mutual
    from gql_server.api.source_images.types import (  # noqa: PLC0415 - the types are mutual
        source_image_from,
    )

    context = info.context
    image_ids = [one for one in ids if one.startswith("img_")]
    upload_ids = [one for one in ids if not one.startswith("img_")]
    found: dict[str, Image | SourceImage] = {}
    if image_ids:
        rows = [row for row in await context.loaders.images.load_many(image_ids) if row is not None]
        images = await images_from(context, rows)
        found |= {image.id: image for image in images}
    if upload_ids:
        uploads = await context.loaders.source_images.load_many(upload_ids)
        found |= {upload.id: source_image_from(upload) for upload in uploads if upload is not None}
    return [found.get(one) for one in ids]


async def derived_connection(
    info: Info, source_id: str, page: PageArguments, where: FilterArgument
) -> Connection["Image"]:
    """Return a page of the images generated from an image or upload, with its siblings'."""
    from gql_server.api.images.types import images_from  # noqa: PLC0415 - the types are mutual

    context, filters = info.context, image_filter(where)
    request = page.request()
    columns = requested_columns(info, ("edges", "node"), IMAGE_COLUMNS)
    found = await context.loaders.derived_images.load(
        ImagesOf(source_id, columns, filters, request)
    )
    return connection(
        found,
        await images_from(context, found.rows),
        request,
        lambda: use_cases.image_count(
            context.services, context.principal, filters.derived_of(source_id)
        ),
    )
