"""Objects in a bucket of Cloudflare R2, through its S3 API."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self, TypeVar

import aioboto3
import stamina
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

from gql_server.pictures.formats import ImageFormat
from gql_server.storage.addresses import bucket_address, check_seconds, check_width
from gql_server.storage.keys import check_key
from gql_server.storage.marker import marker_content, read_marker_content, wrong_marker
from gql_server.storage.metadata import PUT_ID, check_metadata, from_headers, to_headers
from gql_server.storage.refusals import code_of, status_of, translated
from gql_server.storage.store import (
    DEFAULT_URL_SECONDS,
    MARKER,
    QUARANTINE,
    ListedObject,
    StoredObject,
    StoreMisconfigured,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

CACHE_CONTROL: Final = "public, max-age=31536000, immutable"
"""What is under a write-once key never changes: caches may keep it for a year."""

MAX_CONNECTIONS: Final = 100

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long a store is waited for; all in seconds.

    Attributes:
        attempts: How often a request is sent at most.
        total: The bound on all attempts and waits together.
        first_wait: The wait after the first failure; it doubles with each.
        max_wait: Where it stops doubling.
        jitter: Up to how much is added to each wait by chance.
        connect_timeout: For a connection to be made.
        read_timeout: For the next bytes to come.
    """

    attempts: int = 8
    total: float = 30.0
    first_wait: float = 0.2
    max_wait: float = 5.0
    jitter: float = 0.5
    connect_timeout: float = 3.0
    read_timeout: float = 10.0


class R2Store:
    """Keeps objects in a bucket of R2, or of anything that speaks S3's conditional PUT.

    One client serves the whole life of the process; use the store on the event loop that it
    was opened on, and close it there.
    """

    def __init__(
        self,
        client: "S3Client",
        connections: AsyncExitStack,
        *,
        bucket: str,
        public_url: str | None,
        policy: RetryPolicy,
    ) -> None:
        self._client = client
        self._connections = connections
        self._bucket = bucket
        self._public_base = public_url.rstrip("/") if public_url else None
        self._policy = policy
        self._required: str | None = None
        self._retrying = stamina.AsyncRetryingCaller(
            attempts=policy.attempts,
            timeout=None,
            wait_initial=policy.first_wait,
            wait_max=policy.max_wait,
            wait_jitter=policy.jitter,
        ).on(StoreUnavailable)

    @classmethod
    async def open(
        cls,
        *,
        bucket: str,
        access_key_id: str,
        secret_access_key: str,
        endpoint_url: str,
        public_url: str | None,
        policy: RetryPolicy = RetryPolicy(),
    ) -> Self:
        """Prepare a client; nothing is sent yet.

        Args:
            bucket: The bucket's name.
            access_key_id: Of an R2 API token that may read and write its objects.
            secret_access_key: Of the same token.
            endpoint_url: Such as ``https://{account}.r2.cloudflarestorage.com``.
            public_url: The bucket's custom domain or ``r2.dev`` address, with a path or
                without; None for a private bucket, whose addresses are signed.
            policy: How long R2 is waited for.

        Raises:
            StoreMisconfigured: The endpoint is no address.
        """
        connections = AsyncExitStack()
        try:
            client = await connections.enter_async_context(
                _session().client(
                    "s3",
                    region_name="auto",
                    endpoint_url=endpoint_url,
                    aws_access_key_id=access_key_id,
                    aws_secret_access_key=secret_access_key,
                    config=_client_config(policy),
                )
            )
        except (ValueError, BotoCoreError) as error:
            message = f"R2's endpoint {endpoint_url!r} cannot be used: {error}"
            raise StoreMisconfigured(message) from error
        return cls(client, connections, bucket=bucket, public_url=public_url, policy=policy)

    async def put(self, key: str, stored: StoredObject) -> bool:
        """Write an object once.

        A refusal because the key is taken may come of an earlier attempt of this very call
        whose answer was lost (aiohttp, too, sends a PUT again when a kept connection breaks).
        Each call therefore marks what it writes, and looks whose mark is there.

        Raises:
            InvalidKey: ``key`` is none.
            ValueError: The content type or metadata are none that stores can keep.
        """
        check_key(key)
        check_metadata(stored)
        return await self._put(key, stored)

    async def _put(self, key: str, stored: StoredObject) -> bool:
        put_id = secrets.token_hex(16)

        async def put_once() -> bool:
            with translated("put", bucket=self._bucket, key=key):
                try:
                    await self._client.put_object(
                        Bucket=self._bucket,
                        Key=key,
                        Body=stored.data,
                        ContentType=stored.content_type,
                        CacheControl=CACHE_CONTROL,
                        Metadata={**to_headers(stored.metadata), PUT_ID: put_id},
                        IfNoneMatch="*",
                    )
                except ClientError as error:
                    if status_of(error) != HTTPStatus.PRECONDITION_FAILED:
                        raise
                    return await self._put_id(key) == put_id
            return True

        return await self._persistently(put_once)

    async def get(self, key: str) -> StoredObject | None:
        """Read an object whole; None when there is none. Raises InvalidKey."""
        check_key(key)
        return await self._get(key)

    async def _get(self, key: str) -> StoredObject | None:
        async def get_once() -> StoredObject | None:
            with translated("get", bucket=self._bucket, key=key):
                try:
                    answer = await self._client.get_object(Bucket=self._bucket, Key=key)
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

        return await self._persistently(get_once)

    async def delete(self, key: str) -> None:
        """Remove an object; where there is none, that is well. Raises InvalidKey."""
        check_key(key)
        await self._delete(key)

    async def _delete(self, key: str) -> None:
        async def delete_once() -> None:
            with translated("delete", bucket=self._bucket, key=key):
                await self._client.delete_object(Bucket=self._bucket, Key=key)

        await self._persistently(delete_once)

    @property
    def public_base(self) -> str | None:
        """The address that a key is appended to; None for a private bucket."""
        return self._public_base

    async def url(
        self,
        key: str,
        *,
        width: int | None = None,
        format: ImageFormat | None = None,  # noqa: A002 - the public name of the argument
        expires_in: int = DEFAULT_URL_SECONDS,
    ) -> str:
        """Return a public address, transformed where the zone can, or a signed one.

        Signed addresses, and those on ``r2.dev``, deliver the picture as it is.

        Raises:
            InvalidKey: ``key`` is none.
            ValueError: ``width`` is not from 1 to 4096, or a signed address was to hold for
                less than a second or more than 7 days.
        """
        check_key(key)
        check_width(width)
        if self._public_base is not None:
            return bucket_address(self._public_base, key, width=width, image_format=format)
        check_seconds(expires_in)
        return await self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=expires_in
        )

    async def check(self) -> None:
        """See that the bucket is there and these keys may use it, and that it has its marker."""
        with translated("check", bucket=self._bucket):
            async with asyncio.timeout(self._policy.total):
                await self._client.head_bucket(Bucket=self._bucket)
        if self._required is not None:
            found = await self.read_marker()
            if found != self._required:
                raise StoreMisconfigured(wrong_marker(f"The bucket {self._bucket}", found))

    async def read_marker(self) -> str | None:
        """Return the id of the bucket, from its marker; None: it has none."""
        found = await self._get(MARKER)
        return read_marker_content(found.data) if found is not None else None

    async def write_marker(self, store_id: str) -> str:
        """Give the bucket an id, unless it has one; return the id that it has."""
        marker = StoredObject(data=marker_content(store_id), content_type="application/json")
        if await self._put(MARKER, marker):
            return store_id
        return await self.read_marker() or store_id

    def require_marker(self, store_id: str) -> None:
        """From now on let ``check`` pass only while the bucket's marker has this id."""
        self._required = store_id

    async def exists(self, key: str) -> bool:
        """Tell whether there is anything under a key."""

        async def look_once() -> bool:
            with translated("look", bucket=self._bucket, key=key):
                try:
                    await self._client.head_object(Bucket=self._bucket, Key=key)
                except ClientError as error:
                    if status_of(error) != HTTPStatus.NOT_FOUND:
                        raise
                    return False
            return True

        return await self._persistently(look_once)

    async def listing(self, prefix: str) -> AsyncIterator[Sequence[ListedObject]]:
        """List the objects beneath a prefix such as ``generated/``, in the order of their bytes."""
        after = ""
        while True:
            page, is_last = await self._persistently(partial(self._list_once, prefix, after))
            if page:
                yield page
                after = page[-1].key
            if is_last:
                return

    async def set_aside(self, key: str) -> None:
        """Move an object beneath ``.quarantine``: it is copied, and then deleted."""

        async def copy_once() -> None:
            with translated("set aside", bucket=self._bucket, key=key):
                try:
                    await self._client.copy_object(
                        Bucket=self._bucket,
                        Key=f"{QUARANTINE}{key}",
                        CopySource={"Bucket": self._bucket, "Key": key},
                    )
                except ClientError as error:
                    if code_of(error) != "NoSuchKey":
                        raise

        await self._persistently(copy_once)
        await self._delete(key)

    async def _list_once(self, prefix: str, after: str) -> tuple[Sequence[ListedObject], bool]:
        with translated("list", bucket=self._bucket):
            answer = await self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=prefix, StartAfter=after
            )
        found = [
            ListedObject(
                key=entry["Key"], size_bytes=entry["Size"], modified_at=entry["LastModified"]
            )
            for entry in answer.get("Contents", ())
        ]
        return found, not answer["IsTruncated"]

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.aclose()

    async def _put_id(self, key: str) -> str | None:
        answer = await self._client.head_object(Bucket=self._bucket, Key=key)
        return answer["Metadata"].get(PUT_ID)

    async def _persistently(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        try:
            async with asyncio.timeout(self._policy.total):
                return await self._retrying(attempt)
        except TimeoutError as error:
            message = f"R2 did not answer within {self._policy.total:g} s."
            raise StoreUnavailable(message) from error


@cache
def _session() -> aioboto3.Session:
    """Return the one session of the process: each reads S3's description anew, in 70 ms."""
    return aioboto3.Session()


def _client_config(policy: RetryPolicy) -> AioConfig:
    """Configure botocore to send each request once, and no checksums that R2 does not take."""
    return AioConfig(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=policy.connect_timeout,
        read_timeout=policy.read_timeout,
        max_pool_connections=MAX_CONNECTIONS,
        retries={"total_max_attempts": 1},
    )
