"""Metadata in JPEG files (ITU-T T.81, T.871; XMP specification, part 3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gql_server.pictures.provenance.marks import Embedded, Unmarkable

_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF: Final = b"Exif\0"
_APP0: Final = 0xE0
_APP1: Final = 0xE1
_APP11: Final = 0xEB
_START_OF_SCAN: Final = 0xDA
_MAX_LENGTH: Final = 65_535
_MAX_SEGMENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Segment:
    marker: int
    start: int
    content: int
    end: int


def embedded(data: bytes) -> Embedded:
    """Return the metadata of a JPEG.

    Raises:
        Unmarkable: It is not one.
    """
    xmp, has_manifest = None, False
    for segment in _segments(data):
        if xmp is None and _is_xmp(data, segment):
            xmp = data[segment.content + len(_XMP) : segment.end]
        elif segment.marker == _APP11:
            content = data[segment.content : segment.end]
            has_manifest = has_manifest or (content[:2] == b"JP" and b"c2pa" in content)
    return Embedded(xmp, has_manifest)


def with_xmp(data: bytes, packet: bytes) -> bytes:
    """Return a JPEG with this XMP packet, in place of any other.

    Raises:
        Unmarkable: It is not one, or the packet is longer than a segment can be.
    """
    length = 2 + len(_XMP) + len(packet)
    if length > _MAX_LENGTH:
        raise Unmarkable("the XMP packet is longer than a segment")
    segments = list(_segments(data))
    head = 2
    for segment in segments:  # JFIF and EXIF each want to be first
        is_exif = segment.marker == _APP1 and data.startswith(_EXIF, segment.content)
        if segment.start != head or not (segment.marker == _APP0 or is_exif):
            break
        head = segment.end
    parts, place = [data[:head], b"\xff\xe1", length.to_bytes(2), _XMP, packet], head
    for segment in segments:
        if _is_xmp(data, segment):
            parts.append(data[place : segment.start])
            place = segment.end
    return b"".join([*parts, data[place:]])


def _segments(data: bytes) -> Iterator[_Segment]:
    """Yield the segments before the coded image."""
    if data[:2] != b"\xff\xd8":
        raise Unmarkable("it is not a JPEG")
    place = 2
    for _ in range(_MAX_SEGMENTS):
        start = place
        while data[place : place + 2] == b"\xff\xff":  # fill bytes
            place += 1
        if data[place : place + 1] != b"\xff" or place + 4 > len(data):
            raise Unmarkable("it has something between its segments")
        marker = data[place + 1]
        if marker == _START_OF_SCAN:
            return
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4])
        if end > len(data):
            raise Unmarkable("it ends within a segment")
        yield _Segment(marker, start, place + 4, end)
        place = end
    raise Unmarkable("it has too many segments")


def _is_xmp(data: bytes, segment: _Segment) -> bool:
    return segment.marker == _APP1 and data.startswith(_XMP, segment.content)
