"""The names that objects go by, safe as file names and in addresses alike."""

import re
from typing import Final

MAX_KEY_LENGTH: Final = 200
"""Leaves a file name room for what a store adds to it, within the usual 255 bytes."""

_KEY: Final = re.compile(r"[a-z0-9_-][a-z0-9._-]*(?:/[a-z0-9_-][a-z0-9._-]*)*")


class InvalidKey(ValueError):
    """No object can go by this name."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"{key[:MAX_KEY_LENGTH]!r} is no key: it takes lower-case letters, digits, _, - and ., "
            f"in segments that / separates and no dot begins, {MAX_KEY_LENGTH} characters at most"
        )


def check_key(key: str) -> None:
    """Let pass keys such as ``generated/img_….png``.

    Raises:
        InvalidKey: It is empty or too long, has other characters, or could lead elsewhere
            (absolute, an empty segment, one that begins with a dot).
    """
    if len(key) > MAX_KEY_LENGTH or not _KEY.fullmatch(key):
        raise InvalidKey(key)
