"""Objects in a bucket of Cloudflare R2, through its S3 API."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final, Self

from gql_server.pictures.formats import ImageFormat
from gql_server.storage.addresses import bucket_address, check_seconds, check_width
from gql_server.storage.keys import check_key
from gql_server.storage.marker import marker_content, read_marker_content, wrong_marker
from gql_server.storage.metadata import check_metadata
from gql_server.storage.r2_client import DEFAULT_POLICY, RetryPolicy, open_client
from gql_server.storage.r2_requests import R2Requests
from gql_server.storage.seconds import measured
from gql_server.storage.store import (
    DEFAULT_URL_SECONDS,
    MARKER,
    QUARANTINE,
    ListedObject,
    StoredObject,
    StoreMisconfigured,
)
from gql_server.storage.write_refusal import WriteRefusal

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

_WRITE_CHECK_SECONDS: Final = 60.0
"""R2 charges for writes, including those that write nothing."""

_MARKER_CHECK_SECONDS: Final = 60.0

_WRITE_CHECK: Final = ".gql-server-write-check.json"
"""Written and deleted again by a check while the bucket has no marker."""


class R2Store:
    """Keeps objects in a bucket of R2, or of another service with S3's conditional PUT.

    One client is used for the lifetime of the process; use and close the store in the event
    loop that it was opened in.
    """

    def __init__(
        self,
        client: "S3Client",
        connections: AsyncExitStack,
        *,
        bucket: str,
        prefix: str,
        public_url: str | None,
        policy: RetryPolicy,
    ) -> None:
        self._requests = R2Requests(client, bucket, prefix)
        self._connections = connections
        self._bucket = bucket
        self._public_base = public_url.rstrip("/") if public_url else None
        self._policy = policy
        self._required: str | None = None
        self._wrote_at = -inf
        self._marker_seen_at = -inf
        self._refusal = WriteRefusal()

    @classmethod
    async def open(
        cls,
        *,
        bucket: str,
        prefix: str = "",
        access_key_id: str | None,
        secret_access_key: str | None,
        endpoint_url: str | None,
        public_url: str | None,
        policy: RetryPolicy = DEFAULT_POLICY,
    ) -> Self:
        """Create a store; nothing is sent yet.

        Args:
            bucket: The bucket's name.
            prefix: What the keys of its objects begin with in the bucket, such as ``backup/``.
            access_key_id: Of an R2 API token that may read and write its objects.
            secret_access_key: Of the same token.
            endpoint_url: Such as ``https://{account}.r2.cloudflarestorage.com``. What is None, of
                these three, comes from AWS's own environment variables and files.
            public_url: The bucket's custom domain or ``r2.dev`` URL, with or without a path;
                None for a private bucket, whose URLs are signed.
            policy: How long to wait for R2.

        Raises:
            StoreMisconfigured: The endpoint is not a URL.
        """
        connections = AsyncExitStack()
        client = await open_client(
            connections,
            endpoint_url=endpoint_url,
            access_key_id=access_key_id,
            secret_access_key=secret_access_key,
            policy=policy,
        )
        return cls(
            client,
            connections,
            bucket=bucket,
            prefix=prefix,
            public_url=public_url,
            policy=policy,
        )

    @measured("put")
    async def put(self, key: str, stored: StoredObject) -> bool:
        """Write an object once.

        Raises:
            InvalidKey: ``key`` is invalid.
            ValueError: Stores cannot keep the content type or metadata.
        """
        check_key(key)
        check_metadata(stored)
        with self._refusal.observed():
            return await self._put(key, stored)

    @property
    def is_refusing(self) -> bool:
        """Whether the last ``put`` was refused for a reason that does not pass by itself."""
        return self._refusal.is_on

    async def _put(self, key: str, stored: StoredObject) -> bool:
        put_id = secrets.token_hex(16)
        return await self._policy.retry(partial(self._requests.put, key, stored, put_id))

    @measured("get")
    async def get(self, key: str) -> StoredObject | None:
        """Read an object; None if it does not exist. Raises InvalidKey."""
        check_key(key)
        return await self._get(key)

    async def _get(self, key: str) -> StoredObject | None:
        return await self._policy.retry(partial(self._requests.get, key))

    @measured("delete")
    async def delete(self, key: str) -> None:
        """Delete an object, if it exists. Raises InvalidKey."""
        check_key(key)
        await self._delete(key)

    async def _delete(self, key: str) -> None:
        await self._policy.retry(partial(self._requests.delete, key))

    @property
    def public_base(self) -> str | None:
        """The URL that a key is appended to; None for a private bucket."""
        return self._public_base

    async def url(
        self,
        key: str,
        *,
        width: int | None = None,
        format: ImageFormat | None = None,  # noqa: A002 - the public name of the argument
        expires_in: int = DEFAULT_URL_SECONDS,
    ) -> str:
        """Return a public URL, with a transformation where the zone supports it, or a signed URL.

        Signed URLs, and those on ``r2.dev``, deliver the original image.

        Raises:
            InvalidKey: ``key`` is invalid.
            ValueError: ``width`` is not from 1 to 4096, or a signed URL was requested for less than
                a second or more than 7 days.
        """
        check_key(key)
        check_width(width)
        if self._public_base is not None:
            return bucket_address(self._public_base, key, width=width, image_format=format)
        check_seconds(expires_in)
        return await self._requests.signed_url(key, expires_in=expires_in)

    @measured("check")
    async def check(self) -> None:
        """Check that the bucket exists and has the required marker, and that its token may write.

        Writing is checked at most once a minute while it is allowed.
        """
        await self._requests.check_bucket(timeout_seconds=self._policy.total)
        await self._check_marker()
        if self._refusal.is_on or monotonic() - self._wrote_at > _WRITE_CHECK_SECONDS:
            await self._check_writing()
            self._wrote_at = monotonic()
        self._refusal.is_on = False

    async def _check_marker(self) -> None:
        if self._required is not None:
            found = await self.read_marker()
            if found != self._required:
                raise StoreMisconfigured(wrong_marker(f"The bucket {self._bucket}", found))
        self._marker_seen_at = monotonic()

    async def _check_marker_sometimes(self) -> None:
        """Keep an object that is not in another bucket from being taken for one that is erased."""
        if monotonic() - self._marker_seen_at > _MARKER_CHECK_SECONDS:
            await self._check_marker()

    async def _check_writing(self) -> None:
        if self._required is not None:
            # The marker exists, so nothing is written.
            await self._requests.check_writing(MARKER, marker_content(self._required))
            return
        await self._requests.check_writing(_WRITE_CHECK, b"{}")
        await self._delete(_WRITE_CHECK)

    async def read_marker(self) -> str | None:
        """Return the ID of the bucket from its marker; None if it has none."""
        found = await self._get(MARKER)
        return read_marker_content(found.data) if found is not None else None

    async def write_marker(self, store_id: str) -> str:
        """Give the bucket an ID, unless it has one; return its ID."""
        marker = StoredObject(data=marker_content(store_id), content_type="application/json")
        if await self._put(MARKER, marker):
            return store_id
        return await self.read_marker() or store_id

    def require_marker(self, store_id: str) -> None:
        """From now on, let ``check`` succeed only while the bucket's marker has this ID."""
        self._required = store_id

    async def exists(self, key: str) -> bool:
        """Return whether anything exists under a key."""
        return await self._policy.retry(partial(self._requests.exists, key))

    async def listing(
        self, prefix: str, *, after: str = ""
    ) -> AsyncGenerator[Sequence[ListedObject]]:
        """List the objects below a prefix such as ``generated/``, in byte order of keys."""
        while True:
            page, is_last = await self._policy.retry(partial(self._requests.page, prefix, after))
            if page:
                yield page
                after = page[-1].key
            if is_last:
                return

    async def set_aside(self, key: str) -> None:
        """Move an object to ``.quarantine``: copy it, then delete the original."""
        await self._policy.retry(partial(self._requests.copy, key, f"{QUARANTINE}{key}"))
        await self._delete(key)

    @measured("withhold")
    async def withhold(self, key: str, hidden_key: str) -> None:
        """Copy an object to a hidden key, then delete the original."""
        check_key(key)
        check_key(hidden_key)
        await self._check_marker_sometimes()
        await self._policy.retry(partial(self._requests.copy, key, hidden_key))
        await self._delete(key)

    @measured("release")
    async def release(self, key: str, hidden_key: str) -> None:
        """Copy a withheld object back to its key.

        The hidden copy stays until the object is erased: a process that was frozen while it
        withheld the object may delete the other one late.
        """
        check_key(key)
        check_key(hidden_key)
        await self._policy.retry(partial(self._requests.copy, hidden_key, key))

    @measured("erase")
    async def erase(self, key: str, hidden_key: str | None) -> None:
        """Delete every copy of an object."""
        keys = [key] if hidden_key is None else [key, hidden_key]
        await self._check_marker_sometimes()
        for one in keys:
            check_key(one)
            await self._delete(one)
            await self._delete(f"{QUARANTINE}{one}")

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.aclose()
