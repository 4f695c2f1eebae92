"""Durable file operations, and the meaning of the disk's errors."""

import asyncio
import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import structlog

from gql_server.storage.store import StoreMisconfigured, StoreUnavailable

_FOR_GOOD: Final = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EXDEV,
    errno.ENOTSUP,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
}
"""Errors that a retry cannot fix: permissions, no hard links, a file in place of a folder."""

_TRIAL_BYTES: Final = 1024 * 1024

log = structlog.get_logger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")


class DiskRefused(OSError):
    """Files on the disk are inconsistent; the message says what the operator can do."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EPERM, message)


async def in_thread(
    operation: str, call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
) -> _T:
    """Run file work in a thread.

    Args:
        operation: Its name in the log.
        call: The work.
        *args: Its arguments.
        **kwargs: Its arguments.

    Raises:
        StoreMisconfigured: The disk refuses permanently.
        StoreUnavailable: The disk failed or is full.
    """
    try:
        return await asyncio.to_thread(call, *args, **kwargs)
    except OSError as error:
        is_for_good = error.errno in _FOR_GOOD
        log.error(  # noqa: TRY400 - the error itself says all that a trace would
            "store_refused" if is_for_good else "store_failed",
            operation=operation,
            error=str(error),
        )
        message = f"The folder could not {operation}: {error.strerror}."
        raise (StoreMisconfigured if is_for_good else StoreUnavailable)(message) from error


async def try_disk(folder: Path) -> None:
    """Write and remove a file of the size of an image.

    Raises:
        StoreMisconfigured: The disk refuses permanently.
        StoreUnavailable: The disk failed or is full.
    """
    await in_thread("take a file", _try, folder)


def try_file(path: Path) -> None:
    """Write and sync a new file of the size of an image; the caller removes it."""
    write_synced(path, bytes(_TRIAL_BYTES))


def _try(folder: Path) -> None:
    path = folder / f".check-{secrets.token_hex(8)}"
    try:
        try_file(path)
    finally:
        path.unlink(missing_ok=True)


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file and sync it to the disk."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Sync the entries of a folder to the disk, if the system supports it."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Create a folder and its parents, and sync them; an existing one is left unchanged."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)
