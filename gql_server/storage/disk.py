"""Files that are on the disk once a call returns, and what a disk's refusals mean."""

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
"""Errors that trying again does not mend: rights, no hard links, a file where a folder must be."""

_TRIAL_BYTES: Final = 1024 * 1024

log = structlog.get_logger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")


class DiskRefused(OSError):
    """What is on the disk contradicts itself; the message says what the operator can do."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EPERM, message)


async def in_thread(
    operation: str, call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
) -> _T:
    """Run file work in a thread.

    Args:
        operation: What it is for, for the log.
        call: The work.
        *args: Its arguments.
        **kwargs: Its arguments.

    Raises:
        StoreMisconfigured: The disk refuses for good.
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
    """Write as much into a folder as a picture takes, and remove it.

    Raises:
        StoreMisconfigured: The disk refuses for good.
        StoreUnavailable: The disk failed or is full.
    """
    await in_thread("take a file", _try, folder)


def try_file(path: Path) -> None:
    """Write a new file as large as a picture, synced; one that stays is the caller's to remove."""
    write_synced(path, bytes(_TRIAL_BYTES))


def _try(folder: Path) -> None:
    path = folder / f".check-{secrets.token_hex(8)}"
    try:
        try_file(path)
    finally:
        path.unlink(missing_ok=True)


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file and bring its bytes to the disk."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Bring a folder's entries to the disk, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, on the disk too; one that is there is left as it is."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)
