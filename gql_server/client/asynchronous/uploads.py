"""Uploads: source images and masks."""

from collections.abc import AsyncGenerator
from pathlib import Path

from gql_server.client.asynchronous.connection import Upload
from gql_server.client.asynchronous.part import AsyncPart
from gql_server.client.documents import DELETE_UPLOAD, LIST_UPLOADS, READ_UPLOAD, UPLOAD
from gql_server.client.files import upload_of
from gql_server.client.inputs import new_key
from gql_server.client.results.base import id_of
from gql_server.client.results.images import SourceImage


class AsyncUploads(AsyncPart):
    """The part of the client that uploads images."""

    async def upload(
        self, image: Path | bytes, *, idempotency_key: str | None = None
    ) -> SourceImage:
        """Upload an image, to transform it or to use it as a mask.

        Args:
            image: A JPEG, PNG, WebP or AVIF file of at most 20 MiB, as a path or bytes.
            idempotency_key: Unique for each new upload; made by the client when omitted.

        Raises:
            Rejected: It is no such image, or the caller's quota is used up.
            OSError: The file cannot be read.
        """
        given = {"file": None, "idempotencyKey": idempotency_key or new_key()}
        return await self._connection.mutate(
            SourceImage, UPLOAD, given, upload=Upload(*upload_of(image))
        )

    async def source_image(self, upload_id: str) -> SourceImage:
        """Return an upload by its ID.

        Raises:
            NotFound: The caller has none with this ID.
        """
        return await self._connection.look_up(SourceImage, READ_UPLOAD, upload_id, noun="Image")

    def source_images(self) -> AsyncGenerator[SourceImage]:
        """Iterate over the caller's uploads, newest first."""
        order = {"orderBy": "NEWEST_FIRST"}
        return self._connection.pages(SourceImage, LIST_UPLOADS, order)

    async def delete_source_image(self, upload: SourceImage | str) -> None:
        """Delete an upload for good. Images that were generated from it stay.

        Raises:
            NotFound: The caller has none with this ID.
        """
        data = await self._connection.run(DELETE_UPLOAD, {"input": {"id": id_of(upload)}})
        self._connection.check(data["payload"])
