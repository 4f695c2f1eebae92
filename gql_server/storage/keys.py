"""The keys of objects, safe as file names and in URLs."""

import re
from typing import Final

MAX_KEY_LENGTH: Final = 200
"""Leaves room in a file name, of 255 bytes, for what a store adds."""

_KEY: Final = re.compile(r"[a-z0-9_-][a-z0-9._-]*(?:/[a-z0-9_-][a-z0-9._-]*)*")


class InvalidKey(ValueError):
    """The key is invalid for objects."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"{key[:MAX_KEY_LENGTH]!r} is not a valid key. Keys have at most {MAX_KEY_LENGTH} "
            "characters: lower-case letters, digits, _, - and ., in segments that are separated by "
            "/ and do not start with a dot."
        )


def check_key(key: str) -> None:
    """Check a key such as ``generated/img_….png``.

    Raises:
        InvalidKey: It is empty or too long, has other characters, or could point elsewhere
            (absolute, an empty segment, a segment that starts with a dot).
    """
    if len(key) > MAX_KEY_LENGTH or not _KEY.fullmatch(key):
        raise InvalidKey(key)
