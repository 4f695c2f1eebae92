"""A backup in a bucket, below a prefix, with AWS's own environment variables."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Self, TypeVar

from botocore.exceptions import ClientError

from gql_server.backup.errors import BackupError, errors_of
from gql_server.backup.places import IMAGES
from gql_server.storage.r2 import R2Store
from gql_server.storage.r2_client import RetryPolicy, open_client
from gql_server.storage.refusals import code_of, translated
from gql_server.storage.store import StoreMisconfigured

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

T = TypeVar("T")

_HINT: Final = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for it, and for R2 also "
    "AWS_ENDPOINT_URL=https://<account ID>.r2.cloudflarestorage.com"
)
_PATIENT: Final = RetryPolicy(total=3600, read_timeout=60)
"""A database takes long to copy."""


class BucketPlace:
    """A backup in a bucket."""

    def __init__(self, client: "S3Client", images: R2Store, bucket: str, prefix: str) -> None:
        self.label: Final = f"s3://{bucket}/{prefix}".rstrip("/")
        self.images: Final = images
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    @classmethod
    @asynccontextmanager
    async def opened(cls, bucket: str, prefix: str) -> AsyncIterator[Self]:
        """Open a place below a prefix, which is empty or ends with a slash.

        Raises:
            BackupError: It cannot be read.
        """
        async with AsyncExitStack() as connections:
            label = f"s3://{bucket}/{prefix}"
            with errors_of(label):
                images = await R2Store.open(
                    bucket=bucket,
                    prefix=f"{prefix}{IMAGES}/",
                    access_key_id=None,
                    secret_access_key=None,
                    endpoint_url=None,
                    public_url=None,
                    policy=_PATIENT,
                )
                connections.push_async_callback(images.close)
                client = await open_client(
                    connections,
                    endpoint_url=None,
                    access_key_id=None,
                    secret_access_key=None,
                    policy=_PATIENT,
                )
            yield cls(client, images, bucket, prefix)

    async def names(self) -> Sequence[str]:
        """Return the names of the files beside the images."""
        found = await self._call(
            "list",
            lambda: self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
            ),
        )
        return [one["Key"].removeprefix(self._prefix) for one in found.get("Contents", ())]

    async def read(self, name: str) -> bytes | None:
        """Return the content of a small file; None if it does not exist."""

        async def read() -> bytes | None:
            try:
                found = await self._client.get_object(Bucket=self._bucket, Key=self._key(name))
            except ClientError as error:
                if code_of(error) == "NoSuchKey":
                    return None
                raise
            async with found["Body"] as body:
                return await body.read()

        return await self._call("get", read)

    async def write(self, name: str, content: bytes) -> None:
        """Write a small file in place of any other: completely or not at all."""
        await self._call(
            "put",
            lambda: self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=content),
        )

    async def save(self, name: str, path: Path) -> None:
        """Upload a file, in parts if it is large."""
        await self._call(
            "put", lambda: self._client.upload_file(str(path), self._bucket, self._key(name))
        )

    async def fetch(self, name: str, path: Path) -> None:
        """Download a file to a new path."""
        await self._call(
            "get", lambda: self._client.download_file(self._bucket, self._key(name), str(path))
        )

    async def delete(self, name: str) -> None:
        """Delete a file, if it exists."""
        await self._call(
            "delete",
            lambda: self._client.delete_object(Bucket=self._bucket, Key=self._key(name)),
        )

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """Return a folder for temporary files; ``TMPDIR`` says where."""
        with TemporaryDirectory(prefix="gql-server-backup-") as folder:
            yield Path(folder)

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name}"

    async def _call(self, operation: str, attempt: Callable[[], Awaitable[T]]) -> T:
        async def translate() -> T:
            with translated(operation, bucket=self._bucket):
                return await attempt()

        try:
            with errors_of(self.label):
                return await _PATIENT.retry(translate)
        except BackupError as error:
            if isinstance(error.__cause__, StoreMisconfigured):
                raise BackupError(f"{error} {_HINT}") from error
            raise
