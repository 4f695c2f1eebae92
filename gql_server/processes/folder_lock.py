"""The lock on a data folder: one embedded server at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


class FolderInUse(Exception):
    """Another server uses this data; the message names the lock file."""


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock until the block or the process ends, even by a crash.

    Raises:
        FolderInUse: Another process holds it.
    """
    lock = FileLock(file)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise FolderInUse(f"another server runs on this data (it holds {file})") from None
    try:
        yield
    finally:
        lock.release()
