"""Metadata in AVIF files (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12)."""

from dataclasses import dataclass, replace
from typing import Final

from gql_server.pictures.provenance.boxes import Box, Fields, boxes_in, new_box
from gql_server.pictures.provenance.marks import Embedded, Unmarkable

_C2PA: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_XMP_TYPE: Final = b"application/rdf+xml"
_IN_FILE: Final = 0
_IN_META: Final = 1
_MAX_ITEMS: Final = 10_000
_MAX_EXTENTS: Final = 10_000
"""Of all items; where its fields have no size, an extent takes no bytes."""


@dataclass(frozen=True, slots=True)
class _Item:
    """Where an item is.

    Attributes:
        number: Its ID.
        method: Whether its offsets count from the start of the file or of the box idat.
        base: Added to each offset.
        extents: Index, offset and length of each part.
    """

    number: int
    method: int
    base: int
    extents: tuple[tuple[int, int, int], ...]


class _Locations:
    """The box iloc, read."""

    def __init__(self, content: bytes) -> None:
        fields = Fields(content)
        self._head = fields.take(4)
        self._version = self._head[0]
        sizes = fields.take(2)
        self._offset_size, self._length_size = sizes[0] >> 4, sizes[0] & 15
        self._base_size, self._index_size = sizes[1] >> 4, sizes[1] & 15 if self._version else 0
        self._sizes = sizes
        number_size = 4 if self._version == 2 else 2  # noqa: PLR2004 - the version
        self._number_size = number_size
        count = fields.number(number_size)
        if self._version > 2 or count > _MAX_ITEMS:  # noqa: PLR2004 - the version
            raise Unmarkable("its item locations are of another version")
        self._extents = 0
        self.items = [self._read(fields) for _ in range(count)]

    def _read(self, fields: Fields) -> _Item:
        number = fields.number(self._number_size)
        method = fields.number(2) & 15 if self._version else _IN_FILE
        if fields.number(2) != 0 or method > _IN_META:
            raise Unmarkable("its items are elsewhere")
        base = fields.number(self._base_size)
        count = fields.number(2)
        self._extents += count
        if self._extents > _MAX_EXTENTS:
            raise Unmarkable("its items have too many parts")
        extents = tuple(
            (
                fields.number(self._index_size),
                fields.number(self._offset_size),
                fields.number(self._length_size),
            )
            for _ in range(count)
        )
        return _Item(number, method, base, extents)

    def move(self, distance: int, *, beyond: int) -> None:
        """Count with content that is inserted into the file before ``beyond``."""
        self.items = [self._moved(item, distance, beyond) for item in self.items]

    def _moved(self, item: _Item, distance: int, beyond: int) -> _Item:
        if item.method != _IN_FILE:
            return item
        starts = {item.base + offset >= beyond for _, offset, _ in item.extents}
        if starts != {True}:
            if True in starts:
                raise Unmarkable("an item is on both sides of its metadata")
            return item
        if item.base:
            return replace(item, base=item.base + distance)
        extents = tuple((index, at + distance, size) for index, at, size in item.extents)
        return replace(item, extents=extents)

    def written(self) -> bytes:
        """Return the content of the box."""
        fields = Fields()
        fields.add(self._head + self._sizes)
        fields.add_number(len(self.items), self._number_size)
        for item in self.items:
            fields.add_number(item.number, self._number_size)
            if self._version:
                fields.add_number(item.method, 2)
            fields.add_number(0, 2)
            fields.add_number(item.base, self._base_size)
            fields.add_number(len(item.extents), 2)
            for index, offset, length in item.extents:
                fields.add_number(index, self._index_size)
                fields.add_number(offset, self._offset_size)
                fields.add_number(length, self._length_size)
        return fields.written()


def embedded(data: bytes) -> Embedded:
    """Return the metadata of an AVIF.

    Raises:
        Unmarkable: It is not one.
    """
    top = boxes_in(data, 0, len(data))
    has_manifest = any(box.kind == b"uuid" and data.startswith(_C2PA, box.content) for box in top)
    inner = _inner(data, _only(top, b"meta"))
    number = _xmp_item(data, inner)
    xmp = None
    if number is not None and b"iloc" in inner:
        locations = _Locations(_content(data, inner[b"iloc"]))
        for item in locations.items:
            if item.number == number:
                xmp = _item_data(data, inner, item)
    return Embedded(xmp, has_manifest)


def with_xmp(data: bytes, packet: bytes) -> bytes:
    """Return an AVIF with this XMP packet, in place of any other.

    Raises:
        Unmarkable: It is not one, or is a sequence.
    """
    top = boxes_in(data, 0, len(data))
    if any(box.kind in {b"moov", b"moof"} for box in top) or top[-1].is_open:
        raise Unmarkable("it is a sequence of images, or its last box has no length")
    meta = _only(top, b"meta")
    inner = _inner(data, meta)
    if not {b"iinf", b"iloc", b"pitm"} <= inner.keys():
        raise Unmarkable("it has no items")
    contents = {kind: _content(data, box) for kind, box in inner.items()}
    locations = _Locations(contents[b"iloc"])
    number = _xmp_item(data, inner)
    if number is None:
        number = max((item.number for item in locations.items), default=0) + 1
        contents[b"iinf"] = _with_entry(contents[b"iinf"], number)
        contents[b"iref"] = _with_reference(
            contents.get(b"iref", bytes(4)), number, contents[b"pitm"]
        )
    locations.items = [item for item in locations.items if item.number != number]
    locations.items.append(_Item(number, _IN_FILE, 0, ((0, 0, len(packet)),)))
    contents[b"iloc"] = locations.written()
    grows = len(_meta(data, meta, contents)) - (meta.end - meta.start)
    locations.items.pop()
    locations.move(grows, beyond=meta.end)
    place = len(data) + grows + 8
    locations.items.append(_Item(number, _IN_FILE, 0, ((0, place, len(packet)),)))
    contents[b"iloc"] = locations.written()
    new_meta = _meta(data, meta, contents)
    return b"".join([data[: meta.start], new_meta, data[meta.end :], new_box(b"mdat", packet)])


def _only(found: list[Box], kind: bytes) -> Box:
    fitting = [box for box in found if box.kind == kind]
    if len(fitting) != 1:
        raise Unmarkable("it is not an AVIF")
    return fitting[0]


def _inner(data: bytes, meta: Box) -> dict[bytes, Box]:
    found = boxes_in(data, meta.content + 4, meta.end)
    by_kind = {box.kind: box for box in found}
    if len(by_kind) != len(found):
        raise Unmarkable("it has two boxes of a kind")
    return by_kind


def _content(data: bytes, box: Box) -> bytes:
    return data[box.content : box.end]


def _meta(data: bytes, meta: Box, contents: dict[bytes, bytes]) -> bytes:
    """Return the box of the metadata with these boxes; the order of the others stays."""
    boxes = b"".join(new_box(kind, content) for kind, content in contents.items())
    return new_box(b"meta", data[meta.content : meta.content + 4] + boxes)


def _xmp_item(data: bytes, inner: dict[bytes, Box]) -> int | None:
    """Return the ID of the item with XMP."""
    entries = inner.get(b"iinf")
    if entries is None:
        return None
    fields = Fields(_content(data, entries))
    fields.number(2 if not fields.take(4)[0] else 4)
    for entry in boxes_in(data, entries.content + fields.place, entries.end):
        content = Fields(_content(data, entry))
        version = content.take(4)[0]
        if entry.kind != b"infe" or version not in {2, 3}:
            continue
        number = content.number(2 if version == 2 else 4)  # noqa: PLR2004 - the version
        content.take(2)
        if content.take(4) == b"mime" and _XMP_TYPE + b"\0" in content.rest():
            return number
    return None


def _item_data(data: bytes, inner: dict[bytes, Box], item: _Item) -> bytes:
    start, end = 0, len(data)
    if item.method == _IN_META:
        if b"idat" not in inner:
            raise Unmarkable("an item is missing")
        start, end = inner[b"idat"].content, inner[b"idat"].end
    parts = []
    for _, offset, length in item.extents[:100]:
        at = start + item.base + offset
        parts.append(data[at : min(at + length, end) if length else end])
    return b"".join(parts)


def _with_entry(content: bytes, number: int) -> bytes:
    """Return the box iinf with an entry for XMP."""
    size = 4 if content[0] else 2
    count = int.from_bytes(content[4 : 4 + size]) + 1
    entry = Fields()
    entry.add(bytes([2 if number <= 0xFFFF else 3, 0, 0, 0]))  # noqa: PLR2004 - of two bytes
    entry.add_number(number, 2 if number <= 0xFFFF else 4)  # noqa: PLR2004 - of two bytes
    entry.add(bytes(2) + b"mime" + b"XMP\0" + _XMP_TYPE + b"\0")
    head = content[:4] + count.to_bytes(size)
    return head + content[4 + size :] + new_box(b"infe", entry.written())


def _with_reference(content: bytes, number: int, primary: bytes) -> bytes:
    """Return the box iref with a reference from the XMP to the primary item."""
    size = 4 if content[0] else 2
    described = int.from_bytes(primary[4:8] if primary[0] else primary[4:6])
    reference = Fields()
    reference.add_number(number, size)
    reference.add_number(1, 2)
    reference.add_number(described, size)
    return content + new_box(b"cdsc", reference.written())
