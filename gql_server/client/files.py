"""Files that a client writes: their names, and how they appear whole."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from gql_server.client.errors.base import UnexpectedResponse
from gql_server.client.results.images import ImageFile, SourceImage
from gql_server.quoting import quoted

_SUFFIXES: Final = {"jpeg": "jpg", "svg+xml": "svg"}
_NAME: Final = re.compile(r"[a-z]{2,5}_[0-9a-z]{1,40}\.[a-z0-9]{1,5}")


def path_of(file: ImageFile | SourceImage, to: Path | str) -> Path:
    """Return the path for an image's file: ``to``, or in this folder a name after its ID.

    Raises:
        UnexpectedResponse: What the server sent cannot be a file's name.
    """
    target = Path(to)
    if not target.is_dir():
        return target
    kind = file.content_type.partition("/")[2]
    name = f"{file.id}.{_SUFFIXES.get(kind, kind)}"
    if not _NAME.fullmatch(name):
        raise UnexpectedResponse(f"Unexpected response: {quoted(name)} cannot be a file's name.")
    return target / name


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name at the end, unless an error is raised.

    Raises:
        OSError: It cannot be written.
    """
    part = target.with_name(f".{target.name.lstrip('.')}.{uuid4().hex[:8]}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def upload_of(image: Path | bytes) -> tuple[str, bytes]:
    """Return the name and the bytes of a file to upload.

    Raises:
        OSError: It cannot be read.
    """
    return (image.name, image.read_bytes()) if isinstance(image, Path) else ("image", image)
