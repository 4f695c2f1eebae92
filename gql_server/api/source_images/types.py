"""Uploaded images, for image to image: their shape and their lists."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from gql_server.api.connections import Connection
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.images.addresses import ExpiresIn, Format, Width, image_url
from gql_server.api.images.filters import FilterArgument
from gql_server.api.images.sources import derived_connection
from gql_server.api.images.types import Image
from gql_server.api.nodes import Node
from gql_server.api.pages import PageArguments, Paginated
from gql_server.database.records.source_images import SourceImageRecord
from gql_server.generation import uploads as use_cases
from gql_server.storage.store import DEFAULT_URL_SECONDS


@described
@strawberry.type
class SourceImage(Node):
    """An uploaded image, to use as a source, a reference or a mask."""

    id: strawberry.ID = strawberry.field(description="Globally unique ID of the upload, `src_…`.")
    width: int = strawberry.field(description="Width in pixels.")
    height: int = strawberry.field(description="Height in pixels.")
    content_type: str = strawberry.field(description="Media type, such as `image/png`.")
    size_bytes: int = strawberry.field(description="Size of the stored file in bytes.")
    user_id: strawberry.ID = strawberry.field(description="ID of the user who owns the upload.")
    created_at: datetime = strawberry.field(description="When the image was uploaded.")
    missing_since: datetime | None = strawberry.field(
        description="When the server found that the file of the upload is gone or damaged; its "
        "URLs return 404. Null for nearly all uploads."
    )
    storage_key: strawberry.Private[str]

    @strawberry.field(
        description="The caller's images that were generated from this upload, as a source or a "
        "mask. Admins see everyone's.",
        extensions=[Paginated()],
    )
    async def derived(
        self, info: Info, page: PageArguments, filter: FilterArgument = None
    ) -> Connection[Image]:
        """Load a page of images, together with its siblings'."""
        return await derived_connection(info, self.id, page, filter)

    @strawberry.field(
        description="URL of the image for browsers, resized and converted if requested and if the "
        "store supports that."
    )
    async def url(
        self,
        info: Info,
        width: Width = None,
        format: Format = None,
        expires_in: ExpiresIn = DEFAULT_URL_SECONDS,
    ) -> str:
        """Make an address."""
        return await image_url(info, self.storage_key, width, format, expires_in)


def source_image_from(upload: SourceImageRecord) -> SourceImage:
    """Shape an upload for clients."""
    return SourceImage(
        id=strawberry.ID(upload.id),
        width=upload.width,
        height=upload.height,
        content_type=upload.content_type,
        size_bytes=upload.size_bytes,
        user_id=strawberry.ID(upload.user_id),
        created_at=upload.created_at,
        missing_since=upload.missing_since,
        storage_key=upload.storage_key,
    )


async def find_source_images(info: Info, ids: Sequence[str]) -> dict[str, SourceImage]:
    """Return the caller's uploads of these ids."""
    context = info.context
    found = await use_cases.get_source_images(context.services, context.principal, ids)
    return {image_id: source_image_from(upload) for image_id, upload in found.items()}
