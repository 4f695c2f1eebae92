"""The requests that the R2 store sends, each once, with errors translated."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from gql_server.pictures.formats import ImageFormat
from gql_server.storage.metadata import PUT_ID, from_headers, to_headers
from gql_server.storage.refusals import code_of, status_of, translated
from gql_server.storage.store import ListedObject, StoredObject

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

CACHE_CONTROL: Final = "public, max-age=31536000, immutable"
"""The content of a write-once key never changes: caches may keep it for a year."""


class R2Requests:
    """Sends single requests about one bucket; each raises as the methods of ``Store`` do."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    async def put(self, key: str, stored: StoredObject, put_id: str) -> bool:
        """Write an object, marked with an ID of the call, unless its key is taken.

        A refusal because the key is taken may be due to an earlier attempt of the same call whose
        response was lost (aiohttp, too, resends a PUT if a kept connection breaks). The mark says
        whether it was.

        Returns:
            Whether this call wrote the object.
        """
        with translated("put", bucket=self._bucket, key=key):
            try:
                await self._client.put_object(
                    Bucket=self._bucket,
                    Key=self._prefix + key,
                    Body=stored.data,
                    ContentType=stored.content_type,
                    ContentDisposition=_disposition(stored.content_type),
                    CacheControl=CACHE_CONTROL,
                    Metadata={**to_headers(stored.metadata), PUT_ID: put_id},
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if status_of(error) != HTTPStatus.PRECONDITION_FAILED:
                    raise
                found = await self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
                return found["Metadata"].get(PUT_ID) == put_id
        return True

    async def get(self, key: str) -> StoredObject | None:
        """Read an object; None if it does not exist."""
        with translated("get", bucket=self._bucket, key=key):
            try:
                answer = await self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            except ClientError as error:
                if code_of(error) == "NoSuchKey":
                    return None
                raise
            async with answer["Body"] as body:
                data = await body.read()
            return StoredObject(
                data=data,
                content_type=answer["ContentType"],
                metadata=from_headers(answer["Metadata"]),
            )

    async def delete(self, key: str) -> None:
        """Delete an object, if it exists."""
        with translated("delete", bucket=self._bucket, key=key):
            await self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    async def exists(self, key: str) -> bool:
        """Return whether anything exists under a key."""
        with translated("look", bucket=self._bucket, key=key):
            try:
                await self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
            except ClientError as error:
                if status_of(error) != HTTPStatus.NOT_FOUND:
                    raise
                return False
        return True

    async def page(self, prefix: str, after: str) -> tuple[Sequence[ListedObject], bool]:
        """Return a page of a listing, and whether it is the last."""
        with translated("list", bucket=self._bucket):
            answer = await self._client.list_objects_v2(
                Bucket=self._bucket,
                Prefix=self._prefix + prefix,
                StartAfter=self._prefix + after if after else "",
            )
        found = [
            ListedObject(
                key=entry["Key"].removeprefix(self._prefix),
                size_bytes=entry["Size"],
                modified_at=entry["LastModified"],
            )
            for entry in answer.get("Contents", ())
        ]
        return found, not answer["IsTruncated"]

    async def copy(self, key: str, target: str) -> None:
        """Copy an object, if it exists."""
        with translated("set aside", bucket=self._bucket, key=key):
            try:
                await self._client.copy_object(
                    Bucket=self._bucket,
                    Key=self._prefix + target,
                    CopySource={"Bucket": self._bucket, "Key": self._prefix + key},
                )
            except ClientError as error:
                if code_of(error) != "NoSuchKey":
                    raise

    async def check_bucket(self, *, timeout_seconds: float) -> None:
        """Check that the bucket exists and accepts these keys."""
        with translated("check", bucket=self._bucket):
            async with asyncio.timeout(timeout_seconds):
                await self._client.head_bucket(Bucket=self._bucket)

    async def check_writing(self, key: str, data: bytes) -> None:
        """Check that the token may write, by writing to a key that is taken."""
        with translated("write", bucket=self._bucket, key=key):
            try:
                await self._client.put_object(
                    Bucket=self._bucket,
                    Key=self._prefix + key,
                    Body=data,
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if status_of(error) != HTTPStatus.PRECONDITION_FAILED:
                    raise

    async def signed_url(self, key: str, *, expires_in: int) -> str:
        """Return a signed URL of an object; nothing is sent."""
        return await self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": self._prefix + key},
            ExpiresIn=expires_in,
        )


def _disposition(content_type: str) -> str:
    """Keep an SVG from being opened as a page of the bucket's host, where it could run scripts."""
    return "attachment" if content_type == ImageFormat.SVG.content_type else "inline"
