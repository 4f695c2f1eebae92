"""Marks in files of every format: written, read, and passed on to renditions."""

from collections.abc import Callable, Mapping
from typing import Final

from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.provenance import avif, jpeg, png, svg, webp, xmp
from gql_server.pictures.provenance.marks import (
    Embedded,
    Marks,
    Origin,
    SourceType,
    Unmarkable,
)
from gql_server.pictures.svg import is_svg

_EMBEDDED: Final[Mapping[ImageFormat, Callable[[bytes], Embedded]]] = {
    ImageFormat.PNG: png.embedded,
    ImageFormat.JPEG: jpeg.embedded,
    ImageFormat.WEBP: webp.embedded,
    ImageFormat.AVIF: avif.embedded,
    ImageFormat.SVG: svg.embedded,
}
_STARTS: Final = (
    (b"\x89PNG", ImageFormat.PNG),
    (b"\xff\xd8", ImageFormat.JPEG),
    (b"RIFF", ImageFormat.WEBP),
)
_WITH_XMP: Final[Mapping[ImageFormat, Callable[[bytes, bytes], bytes]]] = {
    ImageFormat.PNG: png.with_xmp,
    ImageFormat.JPEG: jpeg.with_xmp,
    ImageFormat.WEBP: webp.with_xmp,
    ImageFormat.AVIF: avif.with_xmp,
}


def format_by_bytes(data: bytes) -> ImageFormat | None:
    """Return the format that bytes begin as."""
    found = next((one for start, one in _STARTS if data.startswith(start)), None)
    if found is None and data[4:8] == b"ftyp":
        found = ImageFormat.AVIF
    return ImageFormat.SVG if found is None and is_svg(data) else found


def read_marks(data: bytes, image_format: ImageFormat) -> Marks:
    """Return what an image's file says about how it was made; nothing if it cannot be read."""
    try:
        found = _EMBEDDED[image_format](data)
    except Unmarkable:
        return Marks()
    return xmp.read_packet(found.xmp, has_manifest=found.has_manifest)


def with_marks(data: bytes, image_format: ImageFormat, origin: Origin) -> bytes:
    """Return an image with XMP that says how it was made; its pixels stay byte for byte.

    Properties that its own XMP has stay as they are.

    Raises:
        Unmarkable: The file has no place for XMP.
    """
    if image_format is ImageFormat.SVG:
        return svg.with_rdf(data, xmp.rdf(origin).encode())
    existing = _EMBEDDED[image_format](data).xmp
    if existing is not None:
        try:
            marked = _WITH_XMP[image_format](data, xmp.added_to(existing, origin))
            if read_marks(marked, image_format).source_type is not None:
                return marked
        except Unmarkable:
            pass  # it is no XMP that anyone can read
    return _WITH_XMP[image_format](data, xmp.packet(origin))


def rendition_origin(marks: Marks) -> Origin:
    """Return what a rendition of a marked image says: as the image, without the prompt.

    An image with a manifest alone is one that a model made: uploads are stored without metadata.
    """
    return Origin(
        source_type=marks.source_type or SourceType.GENERATED.url,
        software=marks.software,
        model=marks.model,
    )
