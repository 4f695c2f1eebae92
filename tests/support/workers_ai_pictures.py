"""Pictures that a model might have made: real ones, cheap, no two with the same bytes."""

import struct
import zlib
from functools import lru_cache
from io import BytesIO
from random import Random
from typing import Literal

from PIL import Image

Encoding = Literal["jpeg", "png"]

_VARIANTS = 4
_CELLS = 12
_JPEG_START = 2 + 18
"""Its signature and JFIF header."""

_PNG_START = 8 + 25
"""Its signature and IHDR chunk."""


def picture(encoding: Encoding, width: int, height: int, *, seed: int, mark: str) -> bytes:
    """Return an encoded picture of a size.

    The seed chooses what is seen; the mark, a comment within the file, makes the bytes its own.
    """
    data = _drawn(encoding, width, height, seed % _VARIANTS)
    if encoding == "jpeg":
        return _with_jpeg_comment(data, mark.encode())
    return _with_png_text(data, mark.encode("latin-1", "replace"))


@lru_cache(maxsize=64)
def _drawn(encoding: Encoding, width: int, height: int, variant: int) -> bytes:
    cells = Image.frombytes("RGB", (_CELLS, _CELLS), Random(variant).randbytes(_CELLS**2 * 3))
    smooth = Image.Resampling.BICUBIC if encoding == "jpeg" else Image.Resampling.NEAREST
    out = BytesIO()
    cells.resize((width, height), smooth).save(out, encoding, quality=85, compress_level=1)
    return out.getvalue()


def _with_jpeg_comment(data: bytes, comment: bytes) -> bytes:
    segment = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    return data[:_JPEG_START] + segment + data[_JPEG_START:]


def _with_png_text(data: bytes, text: bytes) -> bytes:
    content = b"tEXt" + b"Comment\0" + text
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    return data[:_PNG_START] + chunk + data[_PNG_START:]
