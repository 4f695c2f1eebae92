"""Stored uploads: listed, read and deleted.

Users see and delete their own uploads; admins those of all users.
"""

from collections.abc import Collection, Mapping

from gql_server.database.engine.pages import Page, PageRequest
from gql_server.database.queries.source_images import (
    count_source_images,
    find_source_images,
    mark_source_image_deleted,
    source_image_page,
)
from gql_server.database.records.source_images import SourceImageRecord
from gql_server.domain.clock import now
from gql_server.domain.errors import ImageNotFound
from gql_server.domain.principal import Principal
from gql_server.generation.services import Services


async def list_source_images(
    services: Services,
    principal: Principal,
    request: PageRequest,
    *,
    user_id: str | None = None,
) -> Page[SourceImageRecord]:
    """Return one page of the uploads that the caller sees, or of one user's."""
    owner = principal.owner_filter(user_id)
    async with services.database.read() as connection:
        return await source_image_page(connection, request, user_id=owner)


async def source_image_count(
    services: Services, principal: Principal, *, user_id: str | None = None
) -> int:
    """Count the uploads of such a list."""
    async with services.database.read() as connection:
        return await count_source_images(connection, user_id=principal.owner_filter(user_id))


async def get_source_images(
    services: Services, principal: Principal, ids: Collection[str]
) -> Mapping[str, SourceImageRecord]:
    """Return the caller's uploads with these IDs."""
    async with services.database.read() as connection:
        return await find_source_images(connection, ids, user_id=principal.owner_filter())


async def delete_source_image(services: Services, principal: Principal, image_id: str) -> None:
    """Delete an upload: its row is marked first, then its file is erased.

    Images generated from it stay. Items of batches that need it will fail. Deleting it again
    succeeds. A file that cannot be erased now is erased later.

    Raises:
        ImageNotFound: The caller never had such an upload.
    """
    async with services.database.write() as connection:
        found = await find_source_images(
            connection, [image_id], user_id=principal.owner_filter(), include_deleted=True
        )
        if image_id not in found:
            raise ImageNotFound(image_id, path=("id",))
        if found[image_id].deleted_at is None:
            await mark_source_image_deleted(connection, image_id, at=now())
    await services.files.settle_uploads([image_id])
