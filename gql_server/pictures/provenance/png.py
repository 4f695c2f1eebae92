"""Metadata in PNG files (W3C PNG, third edition; XMP specification, part 3)."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gql_server.pictures.provenance.marks import Embedded, Unmarkable
from gql_server.pictures.provenance.xmp import MAX_XMP_BYTES

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_KEYWORD: Final = b"XML:com.adobe.xmp\0"
_UNCOMPRESSED: Final = _KEYWORD + b"\0\0\0\0"
_MAX_CHUNKS: Final = 100_000
_OVERHEAD: Final = 12
"""Bytes of a chunk beside its content: length, type, checksum."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    kind: bytes
    start: int
    end: int


def embedded(data: bytes) -> Embedded:
    """Return the metadata of a PNG.

    Raises:
        Unmarkable: It is not one.
    """
    xmp, has_manifest = None, False
    for chunk in _chunks(data):
        has_manifest = has_manifest or chunk.kind == b"caBX"
        if xmp is None and _is_xmp(data, chunk):
            xmp = _text(data[chunk.start + 8 + len(_KEYWORD) : chunk.end - 4])
    return Embedded(xmp, has_manifest)


def with_xmp(data: bytes, packet: bytes) -> bytes:
    """Return a PNG with this XMP packet, in place of any other.

    Raises:
        Unmarkable: It is not one.
    """
    chunks = list(_chunks(data))
    head = chunks[0].end
    content = b"iTXt" + _UNCOMPRESSED + packet
    ours = (len(content) - 4).to_bytes(4) + content + zlib.crc32(content).to_bytes(4)
    parts, place = [data[:head], ours], head
    for chunk in chunks:
        if _is_xmp(data, chunk):
            parts.append(data[place : chunk.start])
            place = chunk.end
    return b"".join([*parts, data[place:]])


def _chunks(data: bytes) -> Iterator[_Chunk]:
    if not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR":
        raise Unmarkable("it is not a PNG")
    place = len(_SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        end = place + _OVERHEAD + int.from_bytes(data[place : place + 4])
        kind = data[place + 4 : place + 8]
        if end > len(data):
            raise Unmarkable("it ends within a chunk")
        yield _Chunk(kind, place, end)
        if kind == b"IEND":
            return
        place = end
    raise Unmarkable("it has too many chunks")


def _is_xmp(data: bytes, chunk: _Chunk) -> bool:
    return chunk.kind == b"iTXt" and data.startswith(_KEYWORD, chunk.start + 8)


def _text(content: bytes) -> bytes | None:
    """Return the text of an iTXt chunk without its keyword."""
    is_compressed = content[:1] == b"\1"
    _, _, text = content[2:].partition(b"\0")  # the language
    _, _, text = text.partition(b"\0")  # the translated keyword
    if not is_compressed:
        return text
    try:
        return zlib.decompressobj().decompress(text, MAX_XMP_BYTES)
    except zlib.error:
        return None
