"""Boxes, of which AVIF files consist, and the numbers in them (ISO/IEC 14496-12, 4.2)."""

from dataclasses import dataclass
from typing import Final

from gql_server.pictures.provenance.marks import Unmarkable

_MAX_BOXES: Final = 10_000
_LARGE: Final = 1
"""The size of a box whose size follows in eight bytes."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box.

    Attributes:
        kind: Its four letters.
        start: Where it begins.
        content: Where its content begins.
        end: Where it ends.
        is_open: Whether it has no length, and extends to the end of the file.
    """

    kind: bytes
    start: int
    content: int
    end: int
    is_open: bool


def boxes_in(data: bytes, start: int, end: int) -> list[Box]:
    """Return the boxes between two places.

    Raises:
        Unmarkable: There is something else.
    """
    found: list[Box] = []
    while start < end:
        size, content = int.from_bytes(data[start : start + 4]), start + 8
        if size == _LARGE:
            size, content = int.from_bytes(data[start + 8 : start + 16]), start + 16
        box_end = start + size if size else end
        if box_end < content or box_end > end or len(found) == _MAX_BOXES:
            raise Unmarkable("its boxes do not fit into one another")
        found.append(Box(data[start + 4 : start + 8], start, content, box_end, size == 0))
        start = box_end
    return found


def new_box(kind: bytes, content: bytes) -> bytes:
    """Return a box."""
    return (8 + len(content)).to_bytes(4) + kind + content


class Fields:
    """The fields of a box, read or written one after the other."""

    def __init__(self, content: bytes = b"") -> None:
        """Begin to read a content, or to write one."""
        self._content = bytearray(content)
        self.place = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            Unmarkable: There are no more.
        """
        found = bytes(self._content[self.place : self.place + size])
        if len(found) < size:
            raise Unmarkable("a box is shorter than its fields")
        self.place += size
        return found

    def number(self, size: int) -> int:
        """Return the next number, of so many bytes; 0 bytes are the number 0."""
        return int.from_bytes(self.take(size))

    def rest(self) -> bytes:
        """Return all that was not read."""
        return bytes(self._content[self.place :])

    def add(self, content: bytes) -> None:
        """Write bytes."""
        self._content += content

    def add_number(self, number: int, size: int) -> None:
        """Write a number in so many bytes.

        Raises:
            Unmarkable: It is too large for them.
        """
        try:
            self._content += number.to_bytes(size)
        except OverflowError as error:
            raise Unmarkable("a number is too large for its field") from error

    def written(self) -> bytes:
        """Return what was written."""
        return bytes(self._content)
