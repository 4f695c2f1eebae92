"""Vector images: how large they are, and their pixels. Nothing in them is run or fetched."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from PIL import Image

from gql_server.pictures.decoding import MAX_SIDE, Flaw, NotAPicture

MAX_SVG_BYTES: Final = 20 * 1024 * 1024

_MAX_ELEMENTS: Final = 200_000
"""Elements that are drawn at most, those that are used again counted each time."""

_MAX_DRAWN_SIDE: Final = 4096
_ROOT: Final = re.compile(rb"<svg[\s>]")
_COMMENT: Final = b"<!--"
_DECLARATIONS: Final = (b"<?xml", b"<!DOCTYPE")
_LENGTH: Final = re.compile(r"\s*([0-9]*\.?[0-9]+(?:e[+-]?[0-9]{1,2})?)\s*(px)?\s*", re.IGNORECASE)
_LEFT_OUT: Final = frozenset(
    {"script", "foreignobject", "iframe", "audio", "video", "handler", "image", "feimage", "filter"}
)
"""Elements that do or fetch something, and those that take much memory or time."""

_FILTER_STYLE: Final = re.compile(r"\bfilter\s*:[^;}]*", re.IGNORECASE)
_FETCHING_STYLE: Final = re.compile(r"@import|url\(\s*['\"]?\s*(?!['\"]?#)", re.IGNORECASE)
_HREFS: Final = ("href", "{http://www.w3.org/1999/xlink}href")
_USUAL_SIDE: Final = 1024

_PROGRAM: Final = Path(__file__).with_name("svg_process.py")
_DRAW_SECONDS: Final = 20.0
_MAX_WAIT_SECONDS: Final = 60.0
_processes: Final = threading.BoundedSemaphore(2)
"""At most two SVGs are drawn at once."""


def is_svg(data: bytes) -> bool:
    """Return whether bytes begin as an SVG does."""
    rest = data[:8192].removeprefix(b"\xef\xbb\xbf").lstrip()
    while not _ROOT.match(rest):
        if rest.startswith(_COMMENT):
            _, end, rest = rest.partition(b"-->")
        elif rest.startswith(_DECLARATIONS):
            _, end, rest = rest.partition(b">")
        else:
            return False
        if not end:
            return False
        rest = rest.lstrip()
    return True


def svg_size(data: bytes) -> tuple[int, int]:
    """Return the width and height of an SVG in pixels.

    Raises:
        NotAPicture: It is broken or too large.
    """
    return _size(_parsed(data))


def drawn(data: bytes, *, width: int | None = None) -> Image.Image:
    """Draw an SVG as RGBA pixels, without its scripts, filters and images.

    A process of its own draws it, with limits on its time and memory; call it in a worker thread.

    Args:
        data: The SVG.
        width: Pixels of the result; None: as the SVG says, and at most 4096 along a side.

    Raises:
        NotAPicture: It is broken, too large, or too complex.
    """
    root = _parsed(data)
    own_width, own_height = _size(root)
    if _Weights(root).of(root, frozenset()) > _MAX_ELEMENTS:
        raise NotAPicture(Flaw.BROKEN)
    scale = (width or own_width) / own_width
    scale = min(scale, _MAX_DRAWN_SIDE / max(own_width, own_height))
    size = (max(1, round(own_width * scale)), max(1, round(own_height * scale)))
    _make_passive(root)
    try:
        png = _png(ET.tostring(root, encoding="utf-8"), size)
        with Image.open(BytesIO(png), formats=["PNG"]) as image:
            return image.convert("RGBA")
    except Exception as error:  # a parser of hostile bytes can fail in any way
        raise NotAPicture(Flaw.BROKEN) from error


def _png(svg: bytes, size: tuple[int, int]) -> bytes:
    if not _processes.acquire(timeout=_MAX_WAIT_SECONDS):
        raise TimeoutError("too many SVGs are being drawn")
    try:
        # -P: files beside the program must not hide modules of the standard library.
        return subprocess.run(  # noqa: S603 - our own program with two numbers
            [sys.executable, "-P", str(_PROGRAM), *map(str, size)],
            input=svg,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_DRAW_SECONDS,
            check=True,
            # It needs none of the server's secrets.
            env={name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
        ).stdout
    finally:
        _processes.release()


def _parsed(data: bytes) -> ET.Element:
    if len(data) > MAX_SVG_BYTES:
        raise NotAPicture(Flaw.TOO_MANY_PIXELS)
    if b"<!ENTITY" in data:
        raise NotAPicture(Flaw.BROKEN)
    try:
        root = ET.fromstring(data)  # noqa: S314 - entities are refused above, expat bounds the rest
    except (ET.ParseError, ValueError, LookupError) as error:
        raise NotAPicture(Flaw.BROKEN) from error
    if _name(root) != "svg":
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
        if _name(child) in _LEFT_OUT:
            parent.remove(child)
    for element in root.iter():
        for name in _HREFS:
            target = element.get(name, "").strip()
            if target and not target.startswith("#"):
                del element.attrib[name]
        for name, value in list(element.attrib.items()):
            forbidden = name.lower().startswith("on") or name == "filter"
            if forbidden or _FETCHING_STYLE.search(value):
                del element.attrib[name]
            elif name == "style":
                element.set(name, _FILTER_STYLE.sub("", value))
        if _name(element) == "style":
            style = element.text or ""
            # An element whose filter is missing would not be drawn at all.
            element.text = "" if _FETCHING_STYLE.search(style) else _FILTER_STYLE.sub("", style)


def _children(root: ET.Element) -> Iterator[tuple[ET.Element, ET.Element]]:
    for parent in root.iter():
        for child in parent:
            yield parent, child


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()  # of a comment it is a function


def _href(element: ET.Element) -> str | None:
    return next((found for name in _HREFS if (found := element.get(name)) is not None), None)
