"""Metadata in SVG files (SVG 2, 5.10)."""

import re
from typing import Final
from xml.parsers import expat

from gql_server.pictures.provenance.marks import Embedded, Unmarkable

_RDF_START: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?RDF[\s>]")
_RDF_END: Final = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?RDF\s*>")
_MANIFEST: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?manifest[\s>]")
_C2PA: Final = b"http://c2pa.org/manifest"
_ROOT: Final = re.compile(rb"<([A-Za-z_][\w.-]*:)?svg(?=[\s>/])")
_STEP: Final = 64 * 1024
_ATTRIBUTES: Final = re.compile(rb"(?:[^>\"']|\"[^\"]*\"|'[^']*')*")


def embedded(data: bytes) -> Embedded:
    """Return the metadata of an SVG."""
    rdf = None
    if start := _RDF_START.search(data):
        end = _RDF_END.search(data, start.end())
        rdf = data[start.start() : end.end()] if end is not None else None
    return Embedded(rdf, _C2PA in data and _MANIFEST.search(data) is not None)


def with_rdf(data: bytes, rdf: bytes) -> bytes:
    """Return an SVG with a metadata element that contains this RDF; all else stays as it is.

    Raises:
        Unmarkable: Its root element is empty, or cannot be found.
    """
    root = _ROOT.match(data, _root_start(data))
    if root is None:
        raise Unmarkable("it has no root element")
    attributes = _ATTRIBUTES.match(data, root.end())
    end = attributes.end() if attributes is not None else len(data)
    if data[end : end + 1] != b">" or data[end - 1 : end] == b"/":
        raise Unmarkable("its root element is empty, or has no end")
    prefix = root[1] or b""
    element = b"<" + prefix + b"metadata>" + rdf + b"</" + prefix + b"metadata>"
    return data[: end + 1] + element + data[end + 1 :]


def _root_start(data: bytes) -> int:
    """Return where the root element begins, after declarations and comments."""
    places: list[int] = []
    parser = expat.ParserCreate()

    def found(_name: str, _attributes: dict[str, str]) -> None:
        if not places:
            places.append(parser.CurrentByteIndex)

    parser.StartElementHandler = found
    try:
        for start in range(0, len(data), _STEP):
            parser.Parse(data[start : start + _STEP], False)
            if places:
                return places[0]
    except (expat.ExpatError, ValueError) as error:
        raise Unmarkable("it is not XML") from error
    raise Unmarkable("it has no root element")
