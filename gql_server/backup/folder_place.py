"""A backup in a folder."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self, TypeVar

from gql_server.backup.errors import BackupError, errors_of
from gql_server.backup.manifest import NAME
from gql_server.backup.places import IMAGES
from gql_server.processes.folder_lock import FolderInUse, locked
from gql_server.storage.disk import make_folder, sync_folder, write_synced
from gql_server.storage.folder import FolderStore

T = TypeVar("T")

_INCOMING: Final = ".incoming"
_LOCK: Final = ".lock"


class FolderPlace:
    """A backup in a folder."""

    def __init__(self, root: Path) -> None:
        self.label: Final = str(root)
        self.images: Final = FolderStore(root / IMAGES, "")
        self._root = root

    @classmethod
    @contextmanager
    def opened(cls, root: Path, *, makes: bool) -> Iterator[Self]:
        """Open a folder, for this process alone.

        Raises:
            BackupError: It does not exist, has other files, or another process uses it.
        """
        place = str(root)
        with errors_of(place):
            if root.exists() and not root.is_dir():
                raise BackupError(f"{place}: is a file; name a folder")
            if makes:
                make_folder(root)
                _check_ours(root)
            elif not (root / NAME).is_file():
                what = f"is not a backup: it has no {NAME}" if root.exists() else "does not exist"
                raise BackupError(f"{place}: {what}")
        with _alone(root):
            yield cls(root)

    async def names(self) -> Sequence[str]:
        """Return the names of the files beside the images."""
        return await self._in_thread(
            lambda: [
                entry.name
                for entry in self._root.iterdir()
                if entry.is_file() and entry.name != _LOCK
            ]
        )

    async def read(self, name: str) -> bytes | None:
        """Return the content of a small file; None if it does not exist."""
        path = self._root / name
        return await self._in_thread(lambda: path.read_bytes() if path.exists() else None)

    async def write(self, name: str, content: bytes) -> None:
        """Write a small file in place of any other: completely or not at all."""

        def write() -> None:
            part = self._root / f".{name}.part"
            part.unlink(missing_ok=True)
            write_synced(part, content)
            part.replace(self._root / name)
            sync_folder(self._root)

        await self._in_thread(write)

    async def save(self, name: str, path: Path) -> None:
        """Move a file of the workspace here."""

        def move() -> None:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            path.replace(self._root / name)
            sync_folder(self._root)

        await self._in_thread(move)

    async def fetch(self, name: str, path: Path) -> None:
        """Copy a file to a new path."""
        await self._in_thread(lambda: shutil.copyfile(self._root / name, path))

    async def delete(self, name: str) -> None:
        """Delete a file, if it exists."""
        await self._in_thread(lambda: (self._root / name).unlink(missing_ok=True))

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """Return a folder below this one; what a killed backup left there is removed."""
        folder = self._root / _INCOMING
        with errors_of(self.label):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        with errors_of(self.label):
            return await asyncio.to_thread(work)


def _check_ours(root: Path) -> None:
    others = sorted(entry.name for entry in root.iterdir() if entry.name != _LOCK)
    if others and NAME not in others:
        raise BackupError(
            f"{root}: has files, such as {others[0]}, and is not a backup. Name an empty or a new "
            "folder"
        )


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    try:
        with errors_of(str(root)), locked(root / _LOCK):
            yield
    except FolderInUse as error:
        raise BackupError(f"{root}: another backup or restore uses this folder") from error
