"""Generated images: read, listed, labeled, deleted and restored.

Users see and change their own images; admins those of all users, who stay the owners.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gql_server.database.engine.pages import Page, PageRequest, RawPage
from gql_server.database.queries.image_sources import find_lineage
from gql_server.database.queries.image_tags import count_tags
from gql_server.database.queries.images import (
    IMAGE_COLUMNS,
    ImageFilter,
    count_images,
    find_images,
    image_page,
    image_pages_by_source,
    image_pages_by_template,
    raw_image_page,
    update_image,
)
from gql_server.database.records.images import ImageChanges, PartialImage
from gql_server.domain.clock import now
from gql_server.domain.errors import ImageNotFound, Rejected
from gql_server.domain.lineage import Lineage
from gql_server.domain.principal import Principal
from gql_server.generation.requests.tags_and_metadata import clean_tags, label_errors
from gql_server.generation.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """New tags and metadata of an image; None leaves the current ones.

    ``clears_metadata`` removes the metadata.
    """

    tags: Sequence[str] | None = None
    metadata: Mapping[str, Any] | None = None
    clears_metadata: bool = False


async def list_images(
    services: Services,
    principal: Principal,
    columns: Collection[str],
    where: ImageFilter,
    request: PageRequest,
) -> Page[PartialImage]:
    """Return one page of the caller's images with the chosen columns."""
    async with services.database.read() as connection:
        return await image_page(connection, columns, _seen(where, principal), request)


async def list_raw_images(
    services: Services,
    principal: Principal,
    columns: Sequence[str],
    where: ImageFilter,
    request: PageRequest,
) -> RawPage:
    """Return one page of the caller's images as the driver does: these columns, in this order."""
    return await raw_image_page(services.database, columns, _seen(where, principal), request)


async def list_images_by_template(
    services: Services,
    principal: Principal,
    template_ids: Sequence[str],
    columns: Collection[str],
    where: ImageFilter,
    request: PageRequest,
) -> Mapping[str, Page[PartialImage]]:
    """Return the same page of the caller's images for each of several templates."""
    async with services.database.read() as connection:
        return await image_pages_by_template(
            connection, template_ids, columns, _seen(where, principal), request
        )


async def list_images_by_source(
    services: Services,
    principal: Principal,
    source_ids: Sequence[str],
    columns: Collection[str],
    where: ImageFilter,
    request: PageRequest,
) -> Mapping[str, Page[PartialImage]]:
    """Return the same page of the caller's images generated from each of several sources."""
    async with services.database.read() as connection:
        return await image_pages_by_source(
            connection, source_ids, columns, _seen(where, principal), request
        )


async def get_lineage(services: Services, image_ids: Collection[str]) -> Mapping[str, Lineage]:
    """Return what images that the caller sees were generated from, where that is known."""
    async with services.database.read() as connection:
        return await find_lineage(connection, image_ids)


async def tag_counts(
    services: Services, principal: Principal, *, user_id: str | None, after: str, limit: int
) -> list[tuple[str, int]]:
    """Return the tags of the images that the caller sees, with their numbers of images."""
    owner = principal.owner_filter(user_id)
    async with services.database.read() as connection:
        return await count_tags(connection, user_id=owner, after=after, limit=limit)


async def image_count(services: Services, principal: Principal, where: ImageFilter) -> int:
    """Count the caller's images in a list."""
    async with services.database.read() as connection:
        return await count_images(connection, _seen(where, principal))


async def get_images(
    services: Services,
    principal: Principal,
    ids: Collection[str],
    columns: Collection[str] = IMAGE_COLUMNS,
) -> Mapping[str, PartialImage]:
    """Return the caller's images with these IDs, deleted ones too."""
    async with services.database.read() as connection:
        return await find_images(connection, ids, user_id=principal.owner_filter(), columns=columns)


async def label_image(
    services: Services, principal: Principal, image_id: str, labels: Labels
) -> PartialImage:
    """Change an image's tags and metadata.

    Raises:
        Rejected: The tags or metadata are invalid; contains every error.
        ImageNotFound: The caller has no such image.
    """
    errors = list(label_errors(labels.tags, labels.metadata))
    if errors:
        raise Rejected(errors)
    values: ImageChanges = {}
    if labels.tags is not None:
        values["tags"] = clean_tags(labels.tags)
    if labels.metadata is not None or labels.clears_metadata:
        values["attributes"] = None if labels.metadata is None else dict(labels.metadata)
    return await _change(services, principal, image_id, values)


async def delete_image(services: Services, principal: Principal, image_id: str) -> PartialImage:
    """Delete an image: lists leave it out, and its URL does not answer.

    It can be restored, and its charge stays.

    Raises:
        ImageNotFound: The caller has no such image.
    """
    image = await _change(services, principal, image_id, {"deleted_at": now()}, only_if_kept=True)
    await services.files.settle([image_id])
    return image


async def restore_image(services: Services, principal: Principal, image_id: str) -> PartialImage:
    """Restore a deleted image; its URL answers again.

    Raises:
        ImageNotFound: The caller has no such image.
    """
    image = await _change(services, principal, image_id, {"deleted_at": None})
    await services.files.settle([image_id])
    return image


def _seen(where: ImageFilter, principal: Principal) -> ImageFilter:
    user_id = principal.owner_filter(where.user_id)
    return where if user_id == where.user_id else replace(where, user_id=user_id)


async def _change(
    services: Services,
    principal: Principal,
    image_id: str,
    values: ImageChanges,
    *,
    only_if_kept: bool = False,
) -> PartialImage:
    async with services.database.write() as connection:
        found = await find_images(
            connection, [image_id], user_id=principal.owner_filter(), for_update=True
        )
        image = found.get(image_id)
        if image is None:
            raise ImageNotFound(image_id)
        if not values or (only_if_kept and image["deleted_at"] is not None):
            return image
        await update_image(connection, image_id, user_id=image["user_id"], values=values)
        return {**image, **values}
