"""Hand-written text files: UTF-8, with or without a byte order mark."""

import codecs
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_OTHER_ENCODINGS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class TextFileError(Exception):
    """A file cannot be read as text; the message names the file and how to fix it."""


def read_text(path: Path) -> str:
    """Read a file as UTF-8, without its byte order mark.

    Raises:
        TextFileError: It cannot be opened, or is in another encoding.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TextFileError(f"{path}: {error.strerror}") from error
    except ValueError as error:  # a null character in its name
        raise TextFileError(f"{str(path)!r}: {error}") from error
    return decode(str(path), data)


def read_secret(path: Path) -> str:
    """Return the secret in a file, without the file's line ending.

    Raises:
        TextFileError: It cannot be read, or is empty.
    """
    secret = read_text(path).removesuffix("\n").removesuffix("\r")
    if not secret:
        raise TextFileError(f"{path}: the file is empty")
    return secret


def write_whole(path: Path, text: str, *, overwrite: bool) -> None:
    """Write a file as UTF-8, completely or not at all: the disk may be full, or it may be read.

    Raises:
        TextFileError: It exists and may not be overwritten, or cannot be written.
    """
    try:
        with TemporaryDirectory(prefix=f".{path.stem[:50]}-", dir=path.parent) as folder:
            part = Path(folder) / "part"
            part.write_text(text, "utf-8")
            if overwrite:
                part.replace(path)
            else:
                path.hardlink_to(part)
    except FileExistsError as error:
        raise TextFileError(f"{path} is there already; --force replaces it") from error
    except OSError as error:
        raise TextFileError(f"{path}: {error.strerror}") from error


def decode(name: str, data: bytes) -> str:
    """Return the text of a file's bytes, without its byte order mark.

    Args:
        name: The name of the file in errors.
        data: Its content.

    Raises:
        TextFileError: It is in another encoding than UTF-8.
    """
    encoding = next((name for mark, name in _OTHER_ENCODINGS if data.startswith(mark)), None)
    if encoding is None and b"\0" in data:
        encoding = "UTF-16 or binary"
    if encoding is not None:
        raise TextFileError(f"{name}: the text is {encoding}; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TextFileError(
            f"{name}, line {line}: the text is not UTF-8, but perhaps Latin-1 or Windows-1252; "
            "save the file as UTF-8"
        ) from None
