"""XMP packets: written, read, and added to (ISO 16684-1; IPTC Photo Metadata Standard 2025.1)."""

import re
from collections.abc import Collection, Iterator
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from gql_server.pictures.provenance.marks import Marks, Origin, Unmarkable

MAX_XMP_BYTES: Final = 1024 * 1024
"""Longer packets are not read."""

MAX_PROMPT_BYTES: Final = 32_000
"""A longer prompt is cut: a JPEG has 65,502 bytes for the packet."""

_MAX_TEXT: Final = 500
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_IPTC: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMP: Final = "http://ns.adobe.com/xap/1.0/"
_SOURCE_TYPE: Final = f"{{{_IPTC}}}DigitalSourceType"
_MODEL: Final = f"{{{_IPTC}}}AISystemUsed"
_PROMPT: Final = f"{{{_IPTC}}}AIPromptInformation"
_SOFTWARE: Final = f"{{{_XMP}}}CreatorTool"
_PREFIXES: Final = {_IPTC: "Iptc4xmpExt", _XMP: "xmp"}
_RESOURCE: Final = f"{{{_RDF}}}resource"
_START: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?(?:xmpmeta|xapmeta|RDF)[\s>]")
_RDF_END: Final = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?RDF\s*>")
_META_END: Final = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?(?:xmpmeta|xapmeta|RDF)\s*>")
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def packet(origin: Origin) -> bytes:
    """Return an XMP packet, ASCII only, that says how an image was made."""
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf(origin)}</x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def rdf(origin: Origin) -> str:
    """Return the RDF element of such a packet, for formats that contain XML themselves."""
    return f'<rdf:RDF xmlns:rdf="{_RDF}">{_description(origin, frozenset())}</rdf:RDF>'


def added_to(existing: bytes, origin: Origin) -> bytes:
    """Return a packet with what it does not say yet; its own properties stay as they are.

    Raises:
        Unmarkable: It is not a packet that can be added to.
    """
    ends = list(_RDF_END.finditer(existing))
    if not ends:
        raise Unmarkable("its XMP packet has no end")
    known = {name for name, _ in _properties(existing)}
    place = ends[-1].start()
    # Our part is ASCII, and so right in every encoding in which the end was found.
    return existing[:place] + _description(origin, known).encode() + existing[place:]


def read_packet(found: bytes | None, *, has_manifest: bool) -> Marks:
    """Return what a packet says; one that cannot be read says nothing."""
    said: dict[str, str] = {}
    try:
        for name, value in _properties(found or b""):
            said.setdefault(name, value)
    except Unmarkable:
        pass
    return Marks(
        source_type=said.get(_SOURCE_TYPE),
        software=said.get(_SOFTWARE),
        model=said.get(_MODEL),
        has_prompt=_PROMPT in said,
        has_manifest=has_manifest,
    )


def _description(origin: Origin, known: Collection[str]) -> str:
    values = {
        _SOURCE_TYPE: origin.source_type,
        _MODEL: origin.model,
        _SOFTWARE: origin.software,
        _PROMPT: _cut(origin.prompt) if origin.prompt is not None else None,
    }
    elements = "".join(
        _element(name, value)
        for name, value in values.items()
        if value is not None and name not in known
    )
    spaces = "".join(f' xmlns:{prefix}="{space}"' for space, prefix in _PREFIXES.items())
    return f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about=""{spaces}>{elements}</rdf:Description>'


def _element(name: str, value: str) -> str:
    space, _, local = name[1:].partition("}")
    tag = f"{_PREFIXES[space]}:{local}"
    text = escape(_NOT_IN_XML.sub("\ufffd", value))
    return f"<{tag}>{text.encode('ascii', 'xmlcharrefreplace').decode()}</{tag}>"


def _cut(prompt: str) -> str:
    """Return as much of a prompt as takes at most ``MAX_PROMPT_BYTES`` in a packet."""
    left = MAX_PROMPT_BYTES
    for place, character in enumerate(prompt):
        left -= len(escape(character).encode("ascii", "xmlcharrefreplace"))
        if left < 0:
            return prompt[:place] + "…"
    return prompt


def _properties(found: bytes) -> Iterator[tuple[str, str]]:
    """Yield the simple properties of a packet, in both forms that RDF has for them."""
    start = _START.search(found)
    ends = list(_META_END.finditer(found))
    if start is None or not ends:
        return
    text = found[start.start() : ends[-1].end()]
    if len(text) > MAX_XMP_BYTES or b"<!" in text:
        raise Unmarkable("its XMP packet is too long, or has declarations")
    try:
        root = ET.fromstring(text)  # noqa: S314 - without declarations it has no entities
    except (ET.ParseError, ValueError, LookupError) as error:
        raise Unmarkable("its XMP packet is not XML") from error
    for element in root.iter(f"{{{_RDF}}}Description"):
        for name, value in element.attrib.items():
            yield name, value[:_MAX_TEXT]
        for child in element:
            yield child.tag, (child.get(_RESOURCE) or child.text or "").strip()[:_MAX_TEXT]
