"""Uploaded pictures, for image to image: their shape and their lists."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import strawberry

from gql_server.api.connections import Connection, ListOrder, connection, page_request
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.images.addresses import ExpiresIn, Format, Width, picture_url
from gql_server.api.images.filters import wanted_user
from gql_server.api.nodes import Node
from gql_server.database.engine.pages import Facts
from gql_server.generation import uploads as use_cases
from gql_server.graphql.execution.selection import requested_columns
from gql_server.storage.store import DEFAULT_URL_SECONDS


@described
@strawberry.input
class SourceImageFilter:
    """Filters uploads. Omitted fields do not filter."""

    user_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="ID of the user who owns the uploads. Only an admin sees those of others.",
    )


@described
@strawberry.type
class SourceImage(Node):
    """An uploaded image, to use as a source, a reference or a mask."""

    width: int = strawberry.field(description="Width in pixels.")
    height: int = strawberry.field(description="Height in pixels.")
    content_type: str = strawberry.field(description="Media type, such as `image/png`.")
    size_bytes: int = strawberry.field(description="Size of the stored file in bytes.")
    user_id: strawberry.ID = strawberry.field(description="ID of the user who owns the upload.")
    created_at: datetime = strawberry.field(description="When the image was uploaded.")
    missing_since: datetime | None = strawberry.field(
        description="When the server found that the file of the upload is gone or damaged. Null "
        "for nearly all uploads."
    )
    storage_key: strawberry.Private[str]

    @strawberry.field(
        description="URL of the image for browsers, optionally resized and converted where "
        "the store supports that."
    )
    async def url(
        self,
        info: Info,
        width: Width = None,
        format: Format = None,
        expires_in: ExpiresIn = DEFAULT_URL_SECONDS,
    ) -> str:
        """Make an address."""
        return await picture_url(info, self.storage_key, width, format, expires_in)


_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id",),
    "width": ("width",),
    "height": ("height",),
    "contentType": ("content_type",),
    "sizeBytes": ("size_bytes",),
    "userId": ("user_id",),
    "createdAt": ("created_at",),
    "missingSince": ("missing_since",),
    "url": ("storage_key",),
}


def source_image_from(facts: Facts) -> SourceImage:
    """Shape a row for clients: with the attributes that the columns it has allow."""
    # Only the columns asked for are here, so the dataclass's own constructor cannot serve.
    image = SourceImage.__new__(SourceImage)
    vars(image).update(facts)
    return image


async def find_source_images(info: Info, ids: Sequence[str]) -> dict[str, SourceImage]:
    """Return the caller's uploads of these ids."""
    context = info.context
    found = await use_cases.get_source_images(context.services, context.principal, ids)
    return {image_id: source_image_from(facts) for image_id, facts in found.items()}


async def source_image_connection(
    info: Info,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    where: SourceImageFilter | None,
    order: ListOrder,
) -> Connection[SourceImage]:
    """Return one page of the uploads that the caller sees, with only the columns asked for.

    Raises:
        Rejected: The filter is one that no database can look for.
    """
    context = info.context
    user_id = wanted_user(where)
    request = page_request(first, after, last, before, order)
    columns = requested_columns(info, ("edges", "node"), _COLUMNS)
    page = await use_cases.list_source_images(
        context.services, context.principal, columns, request, user_id=user_id
    )
    return connection(
        page,
        [source_image_from(facts) for facts in page.rows],
        request,
        lambda: use_cases.source_image_count(context.services, context.principal, user_id=user_id),
    )
