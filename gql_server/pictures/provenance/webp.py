"""Metadata in WebP files (RFC 9649)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gql_server.pictures.provenance.marks import Embedded, Unmarkable

_MAX_CHUNKS: Final = 100_000
_HAS_XMP: Final = 0x04
_HAS_ALPHA: Final = 0x10
_VP8_START: Final = b"\x9d\x01\x2a"
_VP8L_START: Final = 0x2F


@dataclass(frozen=True, slots=True)
class _Chunk:
    kind: bytes
    start: int
    content: int
    size: int
    end: int


def embedded(data: bytes) -> Embedded:
    """Return the metadata of a WebP.

    Raises:
        Unmarkable: It is not one.
    """
    xmp, has_manifest = None, False
    for chunk in _chunks(data):
        has_manifest = has_manifest or chunk.kind == b"C2PA"
        if xmp is None and chunk.kind == b"XMP ":
            xmp = data[chunk.content : chunk.content + chunk.size]
    return Embedded(xmp, has_manifest)


def with_xmp(data: bytes, packet: bytes) -> bytes:
    """Return a WebP with this XMP packet, in place of any other.

    Raises:
        Unmarkable: It is not one.
    """
    chunks = list(_chunks(data))
    first = chunks[0]
    if first.kind == b"VP8X":
        flags = data[first.content] | _HAS_XMP
        head = data[first.start : first.content] + bytes([flags])
        head += data[first.content + 1 : first.end]
        rest = chunks[1:]
    else:
        head, rest = _chunk(b"VP8X", _extended_header(data, first)), chunks
    kept = [data[chunk.start : chunk.end] for chunk in rest if chunk.kind != b"XMP "]
    body = b"".join([b"WEBP", head, *kept, _chunk(b"XMP ", packet)])
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _chunks(data: bytes) -> Iterator[_Chunk]:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise Unmarkable("it is not a WebP")
    whole = 8 + int.from_bytes(data[4:8], "little")
    if whole > len(data):
        raise Unmarkable("it is shorter than it says")
    place = 12
    for _ in range(_MAX_CHUNKS):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        end = place + 8 + size + size % 2
        if end > whole + size % 2 or size == 0:
            raise Unmarkable("it ends within a chunk")
        yield _Chunk(data[place : place + 4], place, place + 8, size, end)
        if end + 8 > whole:
            return
        place = end
    raise Unmarkable("it has too many chunks")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)


def _extended_header(data: bytes, image: _Chunk) -> bytes:
    """Return the content of the chunk VP8X for a file that has only an image."""
    content = data[image.content : image.content + 10]
    if image.kind == b"VP8 " and content[3:6] == _VP8_START:
        width, height = (int.from_bytes(content[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        has_alpha = False
    elif image.kind == b"VP8L" and content[0] == _VP8L_START:
        bits = int.from_bytes(content[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        has_alpha = bool(bits >> 28 & 1)
    else:
        raise Unmarkable("it does not begin with an image")
    flags = _HAS_XMP | (_HAS_ALPHA if has_alpha else 0)
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes([flags, 0, 0, 0]) + sides
