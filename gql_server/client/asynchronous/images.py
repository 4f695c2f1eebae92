"""Images that exist: reading, searching, downloading, changing."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from gql_server.client.asynchronous.downloads import current_file, fetch
from gql_server.client.asynchronous.part import AsyncPart
from gql_server.client.documents import (
    DELETE_IMAGE,
    LIST_IMAGES,
    READ_IMAGE,
    RESTORE_IMAGE,
    UPDATE_IMAGE,
)
from gql_server.client.files import path_of, whole_file
from gql_server.client.inputs import Deleted, ImageOrder, filter_input
from gql_server.client.results.base import id_of
from gql_server.client.results.images import Image, ImageFile, SourceImage


class AsyncImages(AsyncPart):
    """The part of the client that has to do with images that exist."""

    async def image(self, image_id: str) -> Image:
        """Return an image by its ID, also if it is deleted.

        Raises:
            NotFound: The caller has none with this ID.
        """
        return await self._connection.look_up(Image, READ_IMAGE, image_id, noun="Image")

    def images(
        self,
        *,
        search: str | None = None,
        models: Sequence[str] | None = None,
        templates: Sequence[str] | None = None,
        batches: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
        created_since: datetime | None = None,
        created_before: datetime | None = None,
        is_preview: bool | None = None,
        user_id: str | None = None,
        deleted: Deleted | None = None,
        order_by: ImageOrder = "NEWEST_FIRST",
    ) -> AsyncGenerator[Image]:
        """Iterate over all images that match, and fetch further pages as they are needed.

        Args:
            search: Words that are all in the prompt.
            models: Only images of one of these models.
            templates: Only images of one of these templates.
            batches: Only images of one of these batches.
            tags: Only images with all of these tags.
            created_since: Only images stored at this moment or later.
            created_before: Only images stored before this moment.
            is_preview: Only previews, or only images of models.
            user_id: Only images of this user. Only admins see images of others.
            deleted: Whether deleted images match. They do not when omitted.
            order_by: Order of the images.

        Raises:
            ValueError: A moment has no time zone.
        """
        where = filter_input(
            search=search,
            models=models,
            templates=templates,
            batches=batches,
            tags=tags,
            created_since=created_since,
            created_before=created_before,
            is_preview=is_preview,
            user_id=user_id,
            deleted=deleted,
        )
        variables = {"filter": where, "orderBy": order_by}
        return self._connection.pages(Image, LIST_IMAGES, variables)

    async def download(self, image: ImageFile | SourceImage | str, to: Path | str) -> Path:
        """Save the file of an image. It appears under its name only once it is complete.

        Args:
            image: The image or the upload, or its ID.
            to: Path of the new file, which replaces an existing one, or an existing folder, in
                which the file is named after the ID of the image.

        Returns:
            The path of the file.

        Raises:
            NotFound: The caller has no such image, or its file is gone.
            GqlServerError: The file could not be downloaded.
            OSError: It could not be written.
        """
        file = await current_file(self._connection, image) if isinstance(image, str) else image
        target = path_of(file, to)
        with whole_file(target) as sink:
            await fetch(self._connection, file, sink)
        return target

    async def read_bytes(self, image: ImageFile | SourceImage | str) -> bytes:
        """Return the bytes of an image's file.

        Args:
            image: The image or the upload, or its ID.

        Raises:
            NotFound: The caller has no such image, or its file is gone.
            GqlServerError: The file could not be downloaded.
        """
        file = await current_file(self._connection, image) if isinstance(image, str) else image
        sink = BytesIO()
        await fetch(self._connection, file, sink)
        return sink.getvalue()

    async def update_image(
        self,
        image: ImageFile | str,
        *,
        tags: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Image:
        """Replace the tags or the metadata of an image. What is omitted stays.

        Raises:
            NotFound: The caller has no such image.
            InvalidInput: The tags or the metadata are invalid.
        """
        given = {"id": id_of(image)} | filter_input(tags=tags, metadata=metadata)
        return await self._connection.mutate(Image, UPDATE_IMAGE, given)

    async def delete_image(self, image: ImageFile | str) -> Image:
        """Delete an image: it disappears from lists, and can be restored.

        Raises:
            NotFound: The caller has no such image.
        """
        return await self._connection.mutate(Image, DELETE_IMAGE, {"id": id_of(image)})

    async def restore_image(self, image: ImageFile | str) -> Image:
        """Restore a deleted image.

        Raises:
            NotFound: The caller has no such image.
        """
        return await self._connection.mutate(Image, RESTORE_IMAGE, {"id": id_of(image)})
