"""Answers that are encoded once, however many get them."""

from collections.abc import Callable
from typing import Any


class Payload:
    """One answer as JSON.

    Attributes:
        position: Where its subscribers are once they have it.
        body: The answer: an object with ``data``, ``errors`` or both.
        objects: How many objects its data has, which is what each subscriber pays for it.
    """

    __slots__ = ("_forms", "body", "objects", "position")

    def __init__(self, body: bytes, *, position: Any = None, objects: int = 0) -> None:
        """Take an encoded answer."""
        self.position = position
        self.body = body
        self.objects = objects
        self._forms: dict[Callable[[bytes], str], str] = {}

    def written(self, write: Callable[[bytes], str]) -> str:
        """Return what a transport writes of it; the same for all who use the same function."""
        form = self._forms.get(write)
        if form is None:
            form = self._forms[write] = write(self.body)
        return form
