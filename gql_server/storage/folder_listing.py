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
    folder: Path, *, names_at_once: int = _NAMES_AT_ONCE
) -> Iterator[tuple[str, bool, bool]]:
    """Yield each object of a folder, sorted by the bytes of its name.

    Names are sorted on disk in chunks, which are then merged.

    Returns:
        The name; whether its bytes exist; whether its sidecar exists.
    """
    with ExitStack() as stack:
        parts: list[IO[bytes]] = []
        entries = _entries(folder)
        while names := sorted(islice(entries, names_at_once)):
            part = stack.enter_context(TemporaryFile())
            part.writelines(name + b"\n" for name in names)
            part.seek(0)
            parts.append(part)
        for name, found in groupby(heapq.merge(*parts), key=lambda line: line.rsplit(b"\0", 1)[0]):
            kinds = {line.rsplit(b"\0", 1)[1].rstrip(b"\n") for line in found}
            yield os.fsdecode(name), b"b" in kinds, b"s" in kinds


def _entries(folder: Path) -> Iterator[bytes]:
    """Yield the names in a folder, each with the kind of its file: bytes or sidecar."""
    try:
        found = os.scandir(os.fsencode(folder))
    except FileNotFoundError:
        return
    with found:
        for entry in found:
            if b"\n" in entry.name or entry.is_dir(follow_symlinks=False):
                continue
            if not entry.name.startswith(b"."):
                yield entry.name + b"\0b"
            elif entry.name.endswith(_SIDECAR_ENDING):
                yield entry.name[1 : -len(_SIDECAR_ENDING)] + b"\0s"
