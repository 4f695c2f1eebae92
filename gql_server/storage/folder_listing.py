"""The files of a folder, sorted by name in bounded memory."""

import heapq
import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby, islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

_NAMES_AT_ONCE: Final = 100_000
_SIDECAR_ENDING: Final = b".json"


def described_names(
    folder: Path, *, after: str = "", names_at_once: int = _NAMES_AT_ONCE
) -> Iterator[tuple[str, bool, bool]]:
    """Yield each object of a folder, sorted by the bytes of its name.

    Names are sorted on disk in chunks, which are then merged.

    Args:
        folder: The folder; it need not exist.
        after: Only names after this one.
        names_at_once: How many names are in memory.

    Returns:
        The name; whether its bytes exist; whether its sidecar exists.
    """
    with ExitStack() as stack:
        parts: list[IO[bytes]] = []
        entries = _entries(folder, os.fsencode(after))
        while names := sorted(islice(entries, names_at_once)):
            part = stack.enter_context(TemporaryFile())
            part.writelines(name + b"\n" for name in names)
            part.seek(0)
            parts.append(part)
        for name, found in groupby(heapq.merge(*parts), key=lambda line: line.rsplit(b"\0", 1)[0]):
            kinds = {line.rsplit(b"\0", 1)[1].rstrip(b"\n") for line in found}
            yield os.fsdecode(name), b"b" in kinds, b"s" in kinds


def _entries(folder: Path, after: bytes) -> Iterator[bytes]:
    """Yield the names after one in a folder, each with the kind of its file: bytes or sidecar."""
    for parent, entry in _files(os.fsencode(folder), b""):
        if not _is_plain(entry):
            continue
        name, kind = entry, b"\0b"
        if name.startswith(b"."):
            if not name.endswith(_SIDECAR_ENDING):
                continue
            name, kind = name[1 : -len(_SIDECAR_ENDING)], b"\0s"
        if parent + name > after:
            yield parent + name + kind


def _files(folder: bytes, parent: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the files in a folder and below: the path of each one's folder, and its name."""
    try:
        found = os.scandir(folder)
    except FileNotFoundError:
        return
    with found:
        for entry in found:
            if not entry.is_dir(follow_symlinks=False):
                yield parent, entry.name
            elif not entry.name.startswith(b".") and _is_plain(entry.name):
                yield from _files(entry.path, parent + entry.name + b"/")


def _is_plain(name: bytes) -> bool:
    """Return whether a name is a line of text. Others are no objects."""
    if name.isascii():
        return b"\n" not in name
    try:
        return "\n" not in name.decode()
    except UnicodeDecodeError:
        return False
