"""Where a backup is: a folder, or a bucket with an S3 API."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from gql_server.backup.errors import BackupError
from gql_server.storage.store import Store

IMAGES: Final = "images"
"""Name of the folder of the images in a backup."""

_S3: Final = "s3://"


class BackupPlace(Protocol):
    """A place of one backup: some files by name, and a store of images.

    Every method raises BackupError.
    """

    @property
    def label(self) -> str:
        """The name of the place for people."""

    @property
    def images(self) -> Store:
        """The images."""

    async def names(self) -> Sequence[str]:
        """Return the names of the files beside the images."""

    async def read(self, name: str) -> bytes | None:
        """Return the content of a small file; None if it does not exist."""

    async def write(self, name: str, content: bytes) -> None:
        """Write a small file in place of any other: completely or not at all."""

    async def save(self, name: str, path: Path) -> None:
        """Write a file from one in the workspace, which may be moved."""

    async def fetch(self, name: str, path: Path) -> None:
        """Copy a file to a new path."""

    async def delete(self, name: str) -> None:
        """Delete a file, if it exists."""

    def workspace(self) -> AbstractContextManager[Path]:
        """Return an empty folder for the files to save, which is removed at the end."""


@asynccontextmanager
async def open_place(where: str, *, makes: bool) -> AsyncIterator[BackupPlace]:
    """Open a place, for one process at a time where it is a folder.

    Args:
        where: The path of a folder, or ``s3://bucket/prefix``.
        makes: Whether the folder is created if it does not exist.

    Raises:
        BackupError: There is no such place, or another process uses it.
    """
    if where.startswith(_S3):
        # AWS's library takes a fifth of a second to import.
        from gql_server.backup.bucket_place import BucketPlace  # noqa: PLC0415 - see above

        parts = urlsplit(where)
        if not parts.netloc:
            raise BackupError(f"{where}: name a bucket, as in s3://bucket/folder")
        prefix = parts.path.strip("/")
        async with BucketPlace.opened(parts.netloc, f"{prefix}/" if prefix else "") as bucket:
            yield bucket
        return
    if "://" in where:
        raise BackupError(f"{where}: name a folder or s3://bucket/folder")
    from gql_server.backup.folder_place import FolderPlace  # noqa: PLC0415 - like the other

    with FolderPlace.opened(Path(where), makes=makes) as folder:
        yield folder
