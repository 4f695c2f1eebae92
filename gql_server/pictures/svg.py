"""Vector images: how large they are, and their pixels. Nothing in them is run or fetched."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Final
from xml.etree import ElementTree as ET

import resvg_py
from PIL import Image

from gql_server.pictures.decoding import MAX_SIDE, Flaw, NotAPicture

MAX_SVG_BYTES: Final = 20 * 1024 * 1024

_MAX_ELEMENTS: Final = 200_000
"""Elements that are drawn at most, those that are used again counted each time."""

_MAX_DRAWN_SIDE: Final = 4096
_START: Final = re.compile(
    rb"\s*(?:<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>\[]*>|\s)*<svg[\s>]", re.DOTALL
)
_LENGTH: Final = re.compile(r"\s*([0-9]*\.?[0-9]+(?:e[+-]?[0-9]{1,2})?)\s*(px)?\s*", re.IGNORECASE)
_ACTIVE: Final = frozenset({"script", "foreignobject", "iframe", "audio", "video", "handler"})
_FETCHING_STYLE: Final = re.compile(r"@import|url\(\s*['\"]?\s*(?!['\"]?#)", re.IGNORECASE)
_HREFS: Final = ("href", "{http://www.w3.org/1999/xlink}href")
_USUAL_SIDE: Final = 1024


def is_svg(data: bytes) -> bool:
    """Return whether bytes begin as an SVG does."""
    return _START.match(data[:8192].removeprefix(b"\xef\xbb\xbf")) is not None


def svg_size(data: bytes) -> tuple[int, int]:
    """Return the width and height of an SVG in pixels.

    Raises:
        NotAPicture: It is broken, too large, or too complex.
    """
    return _size(_parsed(data))


def drawn(data: bytes, *, width: int | None = None) -> Image.Image:
    """Draw an SVG as RGBA pixels, without its scripts and without anything from elsewhere.

    Args:
        data: The SVG.
        width: Pixels of the result; None: as the SVG says, and at most 4096 along a side.

    Raises:
        NotAPicture: It is broken, too large, or too complex.
    """
    root = _parsed(data)
    own_width, own_height = _size(root)
    scale = (width or own_width) / own_width
    scale = min(scale, _MAX_DRAWN_SIDE / max(own_width, own_height))
    size = (max(1, round(own_width * scale)), max(1, round(own_height * scale)))
    _make_passive(root)
    try:
        png = resvg_py.svg_to_bytes(
            svg_string=ET.tostring(root, encoding="unicode"),
            width=size[0],
            height=size[1],
            skip_system_fonts=True,
        )
        with Image.open(BytesIO(png), formats=["PNG"]) as image:
            return image.convert("RGBA")
    except Exception as error:  # a parser of hostile bytes can fail in any way
        raise NotAPicture(Flaw.BROKEN) from error


def _parsed(data: bytes) -> ET.Element:
    if len(data) > MAX_SVG_BYTES:
        raise NotAPicture(Flaw.TOO_MANY_PIXELS)
    if b"<!ENTITY" in data:
        raise NotAPicture(Flaw.BROKEN)
    try:
        root = ET.fromstring(data)  # noqa: S314 - entities are refused above, expat bounds the rest
    except (ET.ParseError, ValueError, LookupError) as error:
        raise NotAPicture(Flaw.BROKEN) from error
    if _name(root) != "svg" or _Weights(root).of(root, frozenset()) > _MAX_ELEMENTS:
        raise NotAPicture(Flaw.BROKEN)
    return root


class _Weights:
    """Counts the elements that are drawn, each as often as it is used."""

    def __init__(self, root: ET.Element) -> None:
        self._by_id = {element.get("id"): element for element in root.iter()}
        self._known: dict[int, int] = {}

    def of(self, element: ET.Element, above: frozenset[int]) -> int:
        known = self._known.get(id(element))
        if known is not None:
            return known
        if id(element) in above or len(above) > _MAX_DEPTH:
            raise NotAPicture(Flaw.BROKEN)
        path = above | {id(element)}
        weight = 1 + sum(self.of(child, path) for child in element)
        if _name(element) == "use":
            used = self._by_id.get((_href(element) or "").removeprefix("#"))
            weight += self.of(used, path) if used is not None else 0
        self._known[id(element)] = weight = min(weight, _MAX_ELEMENTS + 1)
        return weight


_MAX_DEPTH: Final = 200


def _size(root: ET.Element) -> tuple[int, int]:
    box = [_number(part) for part in re.split(r"[\s,]+", (root.get("viewBox") or "").strip())]
    box_width, box_height = (box[2], box[3]) if len(box) == 4 else (None, None)  # noqa: PLR2004 - x, y, width, height
    width, height = _number(root.get("width") or ""), _number(root.get("height") or "")
    if box_width is not None and box_height is not None:
        ratio = box_height / box_width
        width = width or (height / ratio if height is not None else box_width)
        height = width * ratio if height is None else height
    width, height = width or _USUAL_SIDE, height or _USUAL_SIDE
    if max(width, height) > MAX_SIDE:
        raise NotAPicture(Flaw.TOO_LONG)
    return max(1, round(width)), max(1, round(height))


def _number(text: str) -> float | None:
    found = _LENGTH.fullmatch(text)
    return float(found[1]) or None if found is not None else None


def _make_passive(root: ET.Element) -> None:
    for parent, child in [*_children(root)]:
        if _name(child) in _ACTIVE:
            parent.remove(child)
    for element in root.iter():
        for name in _HREFS:
            target = element.get(name, "").strip()
            if target and not target.startswith(("#", "data:image/png", "data:image/jpeg")):
                del element.attrib[name]
        for name, value in list(element.attrib.items()):
            if name.lower().startswith("on") or _FETCHING_STYLE.search(value):
                del element.attrib[name]
        if _name(element) == "style" and _FETCHING_STYLE.search(element.text or ""):
            element.text = ""


def _children(root: ET.Element) -> Iterator[tuple[ET.Element, ET.Element]]:
    for parent in root.iter():
        for child in parent:
            yield parent, child


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()  # of a comment it is a function


def _href(element: ET.Element) -> str | None:
    return next((found for name in _HREFS if (found := element.get(name)) is not None), None)
